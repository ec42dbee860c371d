"""Turns of those who start."""

import threading
import unittest

from reelvault_executor.turns import Turns


class TurnsTest(unittest.TestCase):
    def test_so_many_work_at_once_and_each_ends_its_turn(self) -> None:
        turns, working, most = Turns(2, longest=600), [], []
        state, full = threading.Lock(), threading.Barrier(2)

        def work() -> None:
            with turns.one():
                with state:
                    working.append(1)
                    most.append(len(working))
                full.wait(timeout=20)
                with state:
                    working.pop()

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(max(most), 2)

    def test_who_works_longer_than_a_turn_holds_up_nobody(self) -> None:
        turns, come, done = Turns(1, longest=0.05), threading.Event(), []

        def long() -> None:
            with turns.one():
                come.wait(timeout=20)
            done.append("long")

        thread = threading.Thread(target=long)
        thread.start()
        with turns.one():
            done.append("next")
        come.set()
        thread.join()
        self.assertEqual(done, ["next", "long"])
        # Its own end after the turn's gave no second place back.
        with turns.one():
            self.assertFalse(turns._free.acquire(blocking=False))


if __name__ == "__main__":
    unittest.main()
