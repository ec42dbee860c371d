"""Starts LocalStack. Collecting garbage rarely saves about a tenth of the start, which is all imports."""

import gc


def main() -> None:
    gc.set_threshold(50_000, 20, 50)
    from localstack.runtime.main import main as run_localstack

    run_localstack()


if __name__ == "__main__":
    main()
