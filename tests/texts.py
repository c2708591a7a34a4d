"""Texts of all kinds of characters."""

from hypothesis import strategies as st

MIXED = st.lists(
    st.one_of(
        st.sampled_from(["南京市长江大桥", "研究生命起源", "很好看", "C++", "3.5%", "T恤", "γ射线", "\r\n"]),
        st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=8),
        st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=8),
        st.text(st.characters(min_codepoint=0x3000, max_codepoint=0x4DFF), max_size=4),  # kana, rare Chinese
        st.text(st.characters(min_codepoint=0xF900, max_codepoint=0xFFEF), max_size=4),  # full width
        st.text(st.characters(min_codepoint=0x1F300, max_codepoint=0x1FAFF), max_size=3),  # emoji
        st.text(st.characters(min_codepoint=0x20000, max_codepoint=0x323AF), max_size=3),  # rarest Chinese
        st.text(st.characters(categories=["Cc", "Cf", "Zs", "Zl", "Zp", "Mn"]), max_size=3),
        st.text(max_size=4),
    ),
    max_size=8,
).map("".join)
