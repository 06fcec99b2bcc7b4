"""Proves M3: a signature holds formatting, links and https logos of at most 60 px; nothing of it runs, loads or hides anything else."""

import re

import pytest
from callstage_kit.signature import clean_signature, refused_logos
from hypothesis import given, settings
from hypothesis import strategies as st

HOSTILE = (
    "<script>steal()</script>",
    "<style>body{display:none}</style>",
    "<img src=x onerror=steal()>",
    '<img src="https://x.y/l.png" onload="steal()">',
    '<a href="javascript:steal()">k</a>',
    '<a href="java&#10;script:steal()">k</a>',
    '<a href="data:text/html,<script>steal()</script>">k</a>',
    "<svg><script>steal()</script></svg>",
    "<math><mi xlink:href='javascript:steal()'>x</mi></math>",
    '<iframe src="https://x.y"></iframe>',
    '<form action="https://x.y"><input name="password"></form>',
    '<p style="background-color:url(https://x.y/steal)">k</p>',
    '<p style="color:expression(steal())">k</p>',
    '<p style="position:fixed;inset:0">k</p>',
    "<noscript><p title='</noscript><img src=x onerror=steal()>'>",
    '<base href="https://x.y"><meta http-equiv="refresh" content="0;url=https://x.y">',
)


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ('<p>a<img src="http://x.y/l.png" alt="l"></p>', '<p>a<img style="max-height:60px" alt="l"></p>'),
        ('<a href="javascript:alert(1)">k</a>', '<a rel="noopener noreferrer">k</a>'),
        ("<script>x</script><style>p{}</style><p onclick='x'>hi</p>", "<p>hi</p>"),
        ('<img src="https://x.y/l.png" style="max-height:900px" height="900">', '<img src="https://x.y/l.png" style="max-height:60px">'),
        ('<img src="https://x.y/l.png" height="48">', '<img src="https://x.y/l.png" height="48" style="max-height:60px">'),
        ('<p style="color:#333;position:fixed">a <u>b</u></p>', '<p style="color:#333">a <u>b</u></p>'),
        ('<a href="mailto:a@b.example">k</a>', '<a href="mailto:a@b.example" rel="noopener noreferrer">k</a>'),
        ("<p></p><p>&nbsp;</p>", ""),
        ("<script>x</script>", ""),
    ],
)
def test_what_is_left(html: str, clean: str) -> None:
    assert clean_signature(html) == clean


@pytest.mark.parametrize("html", HOSTILE)
def test_nothing_runs(html: str) -> None:
    clean = clean_signature(f"<p>Shop</p>{html}")
    assert clean.startswith("<p>Shop</p>")
    assert not re.search(r"steal|script:|<(?!/?(p|a|img)\b)|\son\w+=|position", clean.replace("<p>k</p>", ""))


@pytest.mark.parametrize(
    ("html", "refused"),
    [
        ('<img src="https://x.y/l.png">', []),
        ('<img src="HTTPS://x.y/l.png">', []),
        ('<img src="http://x.y/l.png"><p>a</p><img src="/l.png">', ["http://x.y/l.png", "/l.png"]),
        ('<img src="data:image/png;base64,AAAA">', ["data:image/png;base64,AAAA"]),
        ("<img alt='none'>", []),
        ("<!-- <img src=x> --><script><img src=x></script>", []),
    ],
)
def test_a_logo_that_no_mail_shows_is_known(html: str, refused: list[str]) -> None:
    assert refused_logos(html) == refused


@settings(deadline=None)
@given(st.text(alphabet="<>/\"'= apimgscrtyle&#;:\0()", max_size=200))
def test_what_is_clean_stays_as_it_is(html: str) -> None:
    once = clean_signature(html)
    assert clean_signature(once) == once
