import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sim.mcu.mcu_bench import block, reference_crc, reference_unvlq, reference_vlq
from zcal_tui.sim.mcu.framing import CONTENT_MAX, DecodeError, SerialLink, crc16, decode_vlq, encode_vlq

numbers = st.integers(-(2**31), 2**32 - 1)
contents = st.binary(max_size=CONTENT_MAX)


@given(numbers)
def test_a_number_survives_the_wire(value: int) -> None:
    encoded = encode_vlq(value)
    assert encoded == reference_vlq(value)
    decoded, position = decode_vlq(encoded + b"\x55", 0)
    assert position == len(encoded)
    assert decoded & 0xFFFFFFFF == value & 0xFFFFFFFF
    assert reference_unvlq(encoded) == (value & 0xFFFFFFFF, b"")


@pytest.mark.parametrize(
    ("size", "low", "high"),
    [
        (1, -32, 95),
        (2, -4096, 12287),
        (3, -524288, 1572863),
        (4, -67108864, 201326591),
        (5, -2147483648, 4294967295),
    ],
)
def test_sizes_are_those_of_the_protocol_s_table(size: int, low: int, high: int) -> None:
    assert [len(encode_vlq(value)) for value in (low, high)] == [size, size]
    if size < 5:
        assert [len(encode_vlq(value)) for value in (low - 1, high + 1)] == [size + 1, size + 1]


@given(numbers)
def test_a_number_that_is_cut_off_is_an_error(value: int) -> None:
    encoded = encode_vlq(value)
    with pytest.raises(DecodeError):
        decode_vlq(encoded[:-1], 0)


@given(st.binary(max_size=80))
def test_the_checksum_is_the_mirrored_ccitt_one(data: bytes) -> None:
    assert crc16(data) == reference_crc(data)


@given(st.lists(contents, max_size=20), st.data())
def test_blocks_arrive_however_the_bytes_are_split(blocks: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(block(sequence, content) for sequence, content in enumerate(blocks))
    link = SerialLink()
    got: list[bytes | None] = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        got += link.receive(stream[:size])
        stream = stream[size:]
    assert got == blocks


@given(st.binary(min_size=1, max_size=200), contents)
def test_after_garbage_and_a_retransmission_the_link_is_in_step_again(garbage: bytes, content: bytes) -> None:
    link = SerialLink()
    list(link.receive(garbage))
    # The host repeats a block, with a sync byte before it, until it is acknowledged; garbage that looks like
    # the start of a block can swallow a few.
    for _ in range(20):
        if content in list(link.receive(b"\x7e" + block(0, content))):
            return
    raise AssertionError("the block never got through")


def test_a_damaged_block_is_refused_once_and_the_next_good_one_is_taken() -> None:
    link = SerialLink()
    damaged = bytearray(block(0, b"\x03\x04"))
    damaged[2] ^= 1
    assert list(link.receive(bytes(damaged))) == [None]
    assert list(link.receive(bytes(damaged))) == []
    assert list(link.receive(block(0, b"\x05"))) == [b"\x05"]


def test_a_block_out_of_sequence_is_answered_with_the_expected_number() -> None:
    link = SerialLink()
    assert list(link.receive(block(0, b"\x05"))) == [b"\x05"]
    assert list(link.receive(block(2, b"\x06"))) == [None]
    assert link.frame() == block(1, b"")
    assert list(link.receive(block(1, b"\x07"))) == [b"\x07"]


def test_leading_sync_bytes_are_no_fault() -> None:
    link = SerialLink()
    assert list(link.receive(b"\x7e\x7e\x7e" + block(0, b"\x7e\x7e"))) == [b"\x7e\x7e"]


def test_sequence_numbers_wrap_at_sixteen() -> None:
    link = SerialLink()
    for sequence in range(40):
        assert list(link.receive(block(sequence, bytes((sequence,))))) == [bytes((sequence,))]
        assert link.frame()[1] == 0x10 | (sequence + 1) & 0xF
