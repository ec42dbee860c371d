"""Keeps long runs of zeros as holes, so that an object of any size may be mostly nothing."""

from tempfile import SpooledTemporaryFile

from localstack.runtime import hooks

# What the emulator writes at a time; shorter runs are not worth a hole.
CHUNK = 65_536


@hooks.on_infra_start()
def keep_zeros_as_holes() -> None:
    from localstack.services.s3.storage.ephemeral import LockedSpooledTemporaryFile

    LockedSpooledTemporaryFile.write = write_sparsely


def write_sparsely(file: SpooledTemporaryFile, octets: bytes) -> int:
    """In the place of `SpooledTemporaryFile.write`."""
    size = len(octets)
    if size < CHUNK or octets.count(0) != size:
        return SpooledTemporaryFile.write(file, octets)
    # A hole needs a file: what lies in memory would have its zeros.
    file.rollover()
    begin, end = file.tell(), file.seek(0, 2)
    if begin < end:
        # Over what is there already.
        file.seek(begin)
        return SpooledTemporaryFile.write(file, octets)
    file.truncate(begin + size)
    file.seek(begin + size)
    return size
