"""Objects that are mostly zeros."""

import os
import unittest
from tempfile import SpooledTemporaryFile

from reelvault_executor.sparse import CHUNK, write_sparsely


class SparseTest(unittest.TestCase):
    def written(self, *chunks: bytes) -> tuple[bytes, int]:
        """What is read of it, and the octets that it takes on the disk."""
        with SpooledTemporaryFile(max_size=1024) as file:
            for chunk in chunks:
                self.assertEqual(write_sparsely(file, chunk), len(chunk))
            file.rollover()
            file.seek(0)
            return file.read(), os.stat(file.fileno()).st_blocks * 512

    def test_zeros_take_no_room_and_are_read_as_they_were_written(self) -> None:
        zeros, text = bytes(CHUNK), b"film" * (CHUNK // 4)
        read, room = self.written(text, *[zeros] * 100, text, zeros)
        self.assertEqual(read, text + zeros * 100 + text + zeros)
        self.assertLess(room, 5 * CHUNK)

    def test_what_is_short_or_has_anything_in_it_is_written(self) -> None:
        almost = bytes(CHUNK - 1) + b"1"
        read, room = self.written(bytes(10), almost)
        self.assertEqual(read, bytes(10) + almost)
        self.assertGreaterEqual(room, CHUNK)

    def test_zeros_over_what_is_there_take_its_place(self) -> None:
        with SpooledTemporaryFile(max_size=1024) as file:
            write_sparsely(file, b"1" * (2 * CHUNK))
            file.seek(0)
            write_sparsely(file, bytes(CHUNK))
            self.assertEqual(file.tell(), CHUNK)
            file.seek(0)
            self.assertEqual(file.read(), bytes(CHUNK) + b"1" * CHUNK)


if __name__ == "__main__":
    unittest.main()
