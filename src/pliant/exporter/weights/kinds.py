"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

import re

HEAD = 512  # bytes that are looked at
ZIP = b"PK\x03\x04"
EMPTY_ZIP = b"PK\x05\x06"
OTHER = ", which holds no PyTorch weights"
UNPACK = "; unpack it and give the weights file in it"
EXPORTED = ", which is exported already; give the PyTorch weights it was made from"
BEGINNINGS = {
    b"\x89PNG": "a PNG picture" + OTHER,
    b"\xff\xd8\xff": "a JPEG picture" + OTHER,
    b"GIF8": "a GIF picture" + OTHER,
    b"RIFF": "a WebP, AVI or WAV file" + OTHER,
    b"II*\0": "a TIFF picture" + OTHER,
    b"MM\0*": "a TIFF picture" + OTHER,
    b"%PDF": "a PDF document" + OTHER,
    b"\x7fELF": "a program" + OTHER,
    b"MZ": "a program" + OTHER,
    b"\x93NUMPY": "a numpy array" + OTHER,
    b"\x89HDF": "an HDF5 file, as Keras writes them; give PyTorch weights",
    b"GGUF": "a GGUF file, for llama.cpp and its like; give the PyTorch weights it was made from",
    b"7767517": "an ncnn network" + EXPORTED,
    b"\x1f\x8b": "a gzip archive" + UNPACK,
    b"BZh": "a bzip2 archive" + UNPACK,
    b"\xfd7zXZ": "an xz archive" + UNPACK,
    b"\x28\xb5\x2f\xfd": "a zstd archive" + UNPACK,
    b"7z\xbc\xaf": "a 7z archive" + UNPACK,
    b"Rar!": "a RAR archive" + UNPACK,
    b"version https://git-lfs": "a Git LFS pointer, not the weights; run `git lfs pull` in its repository",
}
PAGE = "a web page, perhaps one that asks to log in; download the weights again, from the link to the file itself"
TAR = "a tar archive; unpack it and give the weights file in it (if PyTorch before 0.2 wrote it, save it again)"
ZEROS = "zeros at its start, as a download that did not finish leaves; download it again"


def other_kind(head: bytes) -> str:
    """What a file that starts with `head` is, and a word about it; empty if it may hold weights or is not known."""
    for beginning, what in BEGINNINGS.items():
        if head.startswith(beginning):
            return what
    if re.match(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|\?xml|!--)", head, re.IGNORECASE):
        return PAGE
    if head[257:262] == b"ustar":
        return TAR
    if head[4:8] == b"TFL3":
        return "a TFLite model" + EXPORTED
    if re.match(rb"\x08[\x03-\x20][\x12\x1a\x2a\x3a\x42]", head):
        return "an ONNX model" + EXPORTED
    if not head.strip(b"\0"):
        return ZEROS
    return "a text" + OTHER if is_text(head) else ""


def is_text(head: bytes) -> bool:
    """Whether `head` is UTF-8 without control characters, but for a letter that is cut at its end."""
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            return False
        text = head[: error.start].decode()
    return all(c.isprintable() or c in "\t\r\n\f" for c in text)


def is_safetensors(head: bytes) -> bool:
    """Whether a file starts as a safetensors file: a length below a terabyte, and JSON."""
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 40
