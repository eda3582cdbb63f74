//! What stands on a terminal: of whole answers, and while they stream.

use super::*;

const SIZE: Size = Size {
    columns: 40,
    rows: 24,
};

fn terminal(size: Size) -> vt100::Parser {
    vt100::Parser::new(
        u16::try_from(size.rows).unwrap().try_into().unwrap(),
        u16::try_from(size.columns).unwrap().try_into().unwrap(),
        100_000,
    )
}

/// What is sent for these pieces, and what stands on a terminal then.
fn sent<'a>(pieces: impl IntoIterator<Item = &'a str>, size: Size) -> (String, String) {
    let all = output(pieces, size);
    let mut terminal = terminal(size);
    terminal.process(all.replace('\n', "\r\n").as_bytes());
    let text = terminal.screen().contents();
    let lines = text.lines().map(|line| line.trim_end().to_owned() + "\n");
    (all, lines.collect())
}

fn output<'a>(pieces: impl IntoIterator<Item = &'a str>, size: Size) -> String {
    let mut markdown = Markdown::new(true, false, size);
    let mut all = String::new();
    for piece in pieces {
        all += &markdown.push(piece, size);
    }
    all + &markdown.end()
}

fn screen<'a>(pieces: impl IntoIterator<Item = &'a str>) -> String {
    sent(pieces, SIZE).1
}

fn chars(text: &str) -> Vec<&str> {
    pieces(text, 1)
}

fn pieces(text: &str, size: usize) -> Vec<&str> {
    let mut rest = text;
    let mut all = Vec::new();
    while !rest.is_empty() {
        let mut at = size.min(rest.len());
        while !rest.is_char_boundary(at) {
            at += 1;
        }
        let (piece, more) = rest.split_at(at);
        all.push(piece);
        rest = more;
    }
    all
}

/// The screen, which is the same in whichever pieces the source comes.
fn shown(source: &str) -> String {
    shown_at(source, SIZE)
}

fn shown_at(source: &str, size: Size) -> String {
    let whole = sent([source], size).1;
    for length in [1, 3, 64] {
        let streamed = sent(pieces(source, length), size).1;
        assert_eq!(streamed, whole, "in pieces of {length}: {source:?}");
    }
    whole
}

#[test]
fn what_is_no_mark_stays() {
    for text in [
        "5 * 3 = 15",
        "4*5=20",
        "x **= 2",
        "SELECT * FROM t",
        "Delete *.log",
        "f(*args, **kw)",
        "an `unclosed backtick",
        "|x| and |y|",
        "a | b",
        "2 ** 3 ** 4",
        "a * b * c",
        "int *p, **q;",
        "snake_case_name and __x",
        "rm -rf /tmp/*.o /tmp/*.a",
        "~5 minutes to ~10",
        "cd ~/a && cd ~/b",
        "1) and 2)",
        "#hashtag",
        "-5 degrees",
        "+49 30",
        "a[0] and b[1][2]",
        "if a < b && c > d",
        "100%, $5, 6 & 7, 8 @ 9",
        "C:\\Users\\name",
        "^caret^ =equals=",
        "==marked==",
        "x = y ~ z",
        "$HOME/*",
        "[x] done",
        "<not html",
        "(c) (tm) ... -- --- \"quotes\" 'too'",
        ":smile: :+1:",
        "a\u{a0}b",
        "cp src/*.rs lib/*/mod.rs",
        "**/*.rs and **/*.toml",
        "find . -name \"*.py\" -o -name \"*.js\"",
        "SELECT count(*), max(a.*) FROM a, b",
        "0 */2 * * * and 5 4 * * *",
        "fn f(a: &mut *const u8, b: **T)",
        "import * as x from 'y'",
        "@_ and $_ and _ => {}",
        "A_1 + B_2 = C_3",
        "(*ptr).x = *y",
    ] {
        let expected = text.to_owned() + "\n";
        assert_eq!(shown(text), expected, "{text:?}");
    }
}

#[test]
fn marks() {
    for (text, expected) in [
        ("``a`b``", "a`b"),
        ("`` `a` ``", "`a`"),
        ("\\_x\\_ and \\*y\\*", "_x_ and *y*"),
        ("**bold** *it* ~~gone~~ `c * d`", "bold it gone c * d"),
        ("`5 * 3`, then *b*", "5 * 3, then b"),
        ("*a* * *b*", "a * b"),
        ("***both***", "both"),
        ("a~b~c", "a~b~c"),
        ("&lt;&amp;&copy;", "<&©"),
        ("# One\n## Two #\nthree", "One\nTwo\nthree"),
        ("Title\n=====\ntext", "Title\ntext"),
        ("a\nb  \nc\\\nd", "a\nb\nc\nd"),
        ("a\n\n\n\nb", "a\n\nb"),
        ("\n\na", "a"),
        ("[text](https://a.example/)", "text (https://a.example/)"),
        ("<https://a.example/>", "https://a.example/"),
        (
            "[https://b.example](https://a.example)",
            "https://b.example (https://a.example)",
        ),
        ("![a cat](cat.png)", "a cat (cat.png)"),
        ("![](cat.png)", "cat.png"),
        (
            "[a]: https://a.example\n\n[a] and [b]",
            "[a]: https://a.example\n\na (https://a.example) and [b]",
        ),
        ("a\n\n[c]: https://c.example", "a\n\n[c]: https://c.example"),
        ("> [d]: /d\n>\n> e", "│ [d]: /d\n│\n│ e"),
        (
            "> [d]: /d\n> [e]: /e\n>\n> f",
            "│ [d]: /d\n│ [e]: /e\n│\n│ f",
        ),
        (
            "> > [d]: /d\n> > [e]: /e\n> >\n> > f",
            "│ │ [d]: /d\n│ │ [e]: /e\n│ │\n│ │ f",
        ),
        ("- [e]: /e\n- f", "• [e]: /e\n• f"),
        ("a <b>c</b> <br> d", "a <b>c</b> <br> d"),
        ("<div>\n<p>*a*\n</div>\n\nb", "<div>\n<p>*a*\n</div>\n\nb"),
        ("a\n\n---\n\nb", "a\n\n────────\n\nb"),
        ("> a\n> b\n>\n> > c\n\nd", "│ a\n│ b\n│\n│ │ c\n\nd"),
        (
            "> - a\n>   b\n>\n>   ```\n>   c\n>   ```",
            "│ • a\n│   b\n│\n│   c",
        ),
        ("    let x;\n      y\n\nz", "let x;\n  y\n\nz"),
    ] {
        assert_eq!(shown(text), expected.to_owned() + "\n", "{text:?}");
    }
}

#[test]
fn character_references_are_filtered() {
    for source in [
        "&#27;]0;x&#7;",
        "a &#x9b;31m &#155;m",
        "# &#27;[2J",
        "| &#27;c |\n|---|\n| &#1; |",
        "[&#27;](&#27;)",
        "&#1;a",
        "- &#1;a",
        "&#x202e;abc&#x2066;",
        "<a href='&#27;'>",
    ] {
        let all = output([source], SIZE);
        let mut rest = all.as_str();
        while let Some((_, after)) = rest.split_once('\u{1b}') {
            assert!(after.starts_with('['), "{source}: {all:?}");
            let (numbers, after) = after.split_at(after.find('m').unwrap());
            assert!(
                numbers
                    .chars()
                    .skip(1)
                    .all(|c| c.is_ascii_digit() || c == ';'),
                "{source}: {all:?}"
            );
            rest = after;
        }
        let harmful = |c: char| {
            (c.is_control() && c != '\n' && c != '\u{1b}')
                || ('\u{202a}'..='\u{202e}').contains(&c)
                || ('\u{2066}'..='\u{2069}').contains(&c)
        };
        assert!(!all.contains(harmful), "{source}: {all:?}");
    }
}

#[test]
fn lists() {
    for (text, expected) in [
        (
            "- a\n  - b\n    - c\n      - d\n        - e\n- f",
            "• a\n  ◦ b\n    ▪ c\n      • d\n        ◦ e\n• f",
        ),
        ("1) a\n2) b", "1) a\n2) b"),
        ("7. a\n8. b\n\ntext", "7. a\n8. b\n\ntext"),
        ("1. a\n   - b\n2. c", "1. a\n   ◦ b\n2. c"),
        ("* a\n\n* b\n\n  c\n", "• a\n\n• b\n\n  c"),
        (
            "- [ ] open\n- [x] done\n1. [x] first",
            "☐ open\n☑ done\n1. ☑ first",
        ),
        ("- - a\n  - b", "• ◦ a\n  ◦ b"),
        ("-\n- b\n-", "•\n• b\n•"),
        ("10. ten\n    more", "10. ten\n    more"),
        (
            "- long words that have to be wrapped at the end of a row\n- b",
            "• long words that have to be wrapped at\n  the end of a row\n• b",
        ),
        ("- # head\n- > quote", "• head\n• │ quote"),
        ("a\n- b\n+ c\n", "a\n• b\n• c"),
    ] {
        assert_eq!(shown(text), expected.to_owned() + "\n", "{text:?}");
    }
}

#[test]
fn code() {
    for (text, expected) in [
        (
            "```rust\nfn a() {}\n\nfn b() {}\n```\nend",
            "fn a() {}\n\nfn b() {}\nend",
        ),
        ("```\n**a** `b` # c\n- d | e\n```", "**a** `b` # c\n- d | e"),
        ("````md\n```\na\n```\n````\nb", "```\na\n```\nb"),
        ("~~~~\n~~~\n```\n~~~~\n", "~~~\n```"),
        ("```\n  a\n\n\n    b\n```", "  a\n\n\n    b"),
        ("  ```\n    a\n  b\n c\n  ```\nd", "  a\nb\nc\nd"),
        ("```\n    ```\na\n```", "    ```\na"),
        ("```\n``\n```` x\n```", "``\n```` x"),
        ("```\ncut off", "cut off"),
        ("```\na\n``", "a\n``"),
        ("```\na\n```", "a"),
        ("```\n```\nb", "b"),
        ("```\n\n\n```\nb", "b"),
        ("```a`b\nc", "```a`b\nc"),
        ("a ``` b", "a ``` b"),
        (
            "1. one:\n   ```py\n   if a:\n       b *= c * d\n   ```\n   text\n2. two",
            "1. one:\n   if a:\n       b *= c * d\n   text\n2. two",
        ),
        (
            "- a\n  - b\n\n    ```\n    x\n      y\n    ```\n\n    after\n  - c\n- d",
            "• a\n  ◦ b\n\n    x\n      y\n\n    after\n  ◦ c\n• d",
        ),
        ("- ```\n  a\n  ```\n- b", "• a\n• b"),
        ("- ```\n  ```\n- b", "•\n• b"),
        ("- ```\n  a\n\nb", "• a\n\nb"),
        ("- ```\n  a\n- b", "• a\n• b"),
        (
            "1. a\n   ~~~\n   b\n   ~~~\n   ~~~\n   c\n   ~~~\n3. d",
            "1. a\n   b\n   c\n3. d",
        ),
        ("- a\n\n      code\n\n  b", "• a\n\n  code\n\n  b"),
        ("```\na\tb\n\tc\n```", "a   b\n    c"),
        ("- x\n\n  ```\n  a\tb\n  ```", "• x\n\n  a   b"),
        (
            "```\na\u{202e}b\u{200b}\n```\n`c\u{2067}`",
            "a\\u{202e}b\\u{200b}\nc\\u{2067}",
        ),
        ("a\n\n```\nb\n```\n\nc", "a\n\nb\n\nc"),
        ("a\n```\nb\n```\nc", "a\nb\nc"),
    ] {
        assert_eq!(shown(text), expected.to_owned() + "\n", "{text:?}");
    }
}

#[test]
fn tables() {
    for (text, expected) in [
        (
            "| a | b |\n|---|--:|\n| one | 2 |\n| 漢字 | 33 |\n",
            "a    │  b\n─────┼───\none  │  2\n漢字 │ 33",
        ),
        (
            "a | b\n--|--\nc | `d\\|e`\n\nf",
            "a │ b\n──┼────\nc │ d|e\n\nf",
        ),
        // More cells than columns: they would be lost.
        (
            "| a | b |\n|---|---|\n| c | d | e |\n",
            "| a | b |\n|---|---|\n| c | d | e |",
        ),
        // Wider than the terminal.
        (
            "| aaaaaaaaaaaaaaa | bbbbbbbbbbbbbbb | ccccccccccc |\n|--|--|--|\n| 1 | 2 | 3 |",
            "| aaaaaaaaaaaaaaa | bbbbbbbbbbbbbbb |\nccccccccccc |\n|--|--|--|\n| 1 | 2 | 3 |",
        ),
        ("| a |\n|---|\n\n| b |", "a\n─\n\n| b |"),
        (
            "- x\n\n  | a | b |\n  |---|---|\n  | c | d |",
            "• x\n\n  a │ b\n  ──┼──\n  c │ d",
        ),
        // In a quote, whose marks are no part of the lines.
        (
            "> | a | b |\n> |---|---|\n> | c | d |\n>\n> e",
            "│ a │ b\n│ ──┼──\n│ c │ d\n│\n│ e",
        ),
        (
            "> > | a | b |\n>>|---|---|\n> > | c | d |",
            "│ │ a │ b\n│ │ ──┼──\n│ │ c │ d",
        ),
        (
            "- x\n  > | a | b |\n  > |---|---|\n  > | c | d |",
            "• x\n  │ a │ b\n  │ ──┼──\n  │ c │ d",
        ),
        (
            "> | a | b |\n> |---|---|\n> | c | d | e |",
            "│ | a | b |\n│ |---|---|\n│ | c | d | e |",
        ),
        (
            "| a | b |\n|---|---|\n| **c** |\nd",
            "a │ b\n──┼──\nc │\nd │",
        ),
    ] {
        assert_eq!(shown(text), expected.to_owned() + "\n", "{text:?}");
    }
}

#[test]
fn narrow_terminals() {
    let source = "# Title\n\nSome **bold** words, 漢字漢字漢字 and 👩‍👩‍👧.\n\n- one\n  - two\n    - three\n      - four\n\
                  \n12345678. five\n\n> > > quoted\n\n| a | b |\n|---|---|\n| c | d |\n\n```\n\tlet x = 1;\n```\n\n---\n\nend";
    for columns in 1..=21 {
        let size = Size { columns, rows: 24 };
        let whole = shown_at(source, size);
        let letters = |text: &str| {
            let letters: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
            letters
        };
        if columns > 2 {
            let rows = sent([source], Size { columns, rows: 200 }).1;
            assert!(letters(&rows).ends_with("end"), "{columns}: {rows}");
            assert!(letters(&rows).contains("letx1"), "{columns}: {rows}");
            assert_eq!(letters(&rows), letters(source), "{columns}: {rows}");
        }
        assert!(whole.trim_end().ends_with('d'), "{columns}: {whole}");
    }
}

#[test]
fn long_blocks_go_on() {
    let word = "lorem *ipsum* dolor `sit` ";
    for (begin, unit, rows_begin) in [
        ("", "a", ""),
        ("", word, ""),
        ("- ", word, "  "),
        ("> ", word, "│ "),
        ("# ", word, ""),
        ("1. > - ", word, "   │   "),
        ("", "漢字", ""),
        ("    ", "a", ""),
        ("> ```\n> ", "a", "│ "),
        ("- a\n\n  - ", word, "    "),
        ("```\n", "abc ", ""),
        ("- ```\n  ", "abc ", "  "),
        ("", "a\n", ""),
        ("- ", "a\n  ", "  "),
        ("- ", "a\n- ", ""),
        ("<div>", "<p>a", ""),
        ("| a | b |\n|---|---|\n", "| c | d |\n", ""),
        ("| a | b |\n|---|---|\n", "| c | d ", ""),
        ("", "[a](b) ", ""),
        ("", "**a", ""),
        ("", "`a", ""),
        ("", "\\*", ""),
        ("", "&amp;", ""),
    ] {
        let source = begin.to_owned() + &unit.repeat(9_000 / unit.len());
        let whole = sent([source.as_str()], SIZE);
        let streamed = sent(pieces(&source, 5), SIZE);
        assert_eq!(streamed.1, whole.1, "{begin:?} {unit:?}");
        let last = whole.1.lines().rev().nth(2).unwrap_or_default().to_owned();
        assert!(
            last.starts_with(rows_begin),
            "{begin:?} {unit:?}: {}",
            whole.1
        );
        let count = |text: &str, c: char| text.matches(c).count();
        if unit == word || unit == "漢字" {
            let tall = Size { rows: 2000, ..SIZE };
            let all = sent([source.as_str()], tall).1;
            for c in ['d', '字', 'p'] {
                assert_eq!(count(&all, c), count(&source, c), "{begin:?}: {all}");
            }
            assert_eq!(count(&all, '*') + count(&all, '`'), 0, "{begin:?}: {all}");
        }
    }
}

/// What has left the screen is not drawn again: a terminal that is taller than it
/// said shows what can be scrolled back to.
#[test]
fn what_scrolls_away_stands_there_once() {
    let size = Size {
        columns: 20,
        rows: 6,
    };
    let tall = Size { rows: 500, ..size };
    let standing = |pieces: Vec<&str>| {
        let all = output(pieces, size);
        let mut terminal = terminal(tall);
        terminal.process(all.replace('\n', "\r\n").as_bytes());
        terminal.screen().contents()
    };
    let words = "lorem ipsum dolor ".repeat(20);
    for source in [
        format!("# Title\n\n{words}\n"),
        format!("> quote\n\n- {words}\n- {words}\n\n{words}"),
        format!("{words}\n\n{words}\n\n{words}\n"),
        format!("a\n***\n{words}\n```\ncode\n```\n{words}"),
        format!("| a | b |\n|---|---|\n| c | d |\n\n{words}\n\nend"),
        format!("1. a\n   - b\n\n     {words}\n2. {words}\n"),
    ] {
        let whole = standing(vec![&source]);
        for length in [1, 5] {
            assert_eq!(standing(pieces(&source, length)), whole, "{source:?}");
        }
    }
}

/// What is sent stays in proportion to what came, whatever it is.
#[test]
fn output_is_bounded() {
    let line = "a".repeat(8 * 1024);
    let code = format!("```\n{line}\n```\n");
    let all = output(pieces(&code, 16), SIZE);
    assert!(all.len() < code.len() * 3, "{} bytes", all.len());
    let long = "word ".repeat(12 * 1024);
    let all = output(pieces(&long, 16), SIZE);
    assert!(all.len() < long.len() * 3, "{} bytes", all.len());
    for unit in [
        "a",
        "a\n",
        "a\n\n",
        "- a\n",
        "-\n",
        "- ",
        "> ",
        ">",
        "> a\n",
        "1. a\n",
        "  - a\n",
        "*a*",
        "**a**",
        "*",
        "**",
        "_a",
        "`a`",
        "`",
        "``",
        "```\n",
        "```\na\n",
        "~~~\n",
        "~~a~~",
        "~",
        "[a](b)",
        "[",
        "]",
        "[a]: b\n",
        "![a](b)",
        "<a>",
        "<",
        "|a|b|\n",
        "|a|b|\n|-|-|\n",
        "|a|b|\n|-|-|\n|c|d|\n\n",
        "|",
        "|-",
        "---\n",
        "***\n",
        "===\n",
        "a\n===\n",
        "# a\n",
        "#",
        "\\",
        "\\*",
        "&amp;",
        "&",
        "\n",
        " ",
        "    a\n",
        "\t",
        "漢",
        "👩‍👩‍👧",
        "é",
        "- [ ] a\n",
        "<div>\n",
        "> ```\n",
        "- ```\n  a\n",
        "a\u{202e}",
        "\u{200b}",
        "a*b*c",
        "> - ",
        "1. ",
        "- - - - a\n",
        "$$\n",
        "a  \n",
        "|a\n|-\n",
    ] {
        let source = unit.repeat(5 * 1024 / unit.len());
        let whole = output([source.as_str()], SIZE);
        let streamed = output(pieces(&source, 7), SIZE);
        for (all, how) in [(&whole, "whole"), (&streamed, "streamed")] {
            let most = source.len() * 16 + 16 * 1024;
            assert!(all.len() < most, "{unit:?} {how}: {} bytes", all.len());
        }
    }
}

/// The columns of a table that grow are not drawn again for each row.
#[test]
fn a_growing_table_is_bounded() {
    let mut source = String::from("|a|b|\n|-|-|\n");
    for row in 0..60 {
        source += &format!("|{}|b|\n", "x".repeat(row / 2));
    }
    let (all, _) = sent(
        pieces(&source, 4),
        Size {
            columns: 80,
            rows: 24,
        },
    );
    assert!(
        all.len() < source.len() * 12,
        "{} of {}",
        all.len(),
        source.len()
    );
}

#[test]
fn links_lead_somewhere_where_the_terminal_can() {
    for (source, expected) in [
        (
            "[a](https://a.example/)",
            "\u{1b}]8;;https://a.example/\u{1b}\\\u{1b}[4ma\u{1b}[0m\u{1b}]8;;\u{1b}\\\n",
        ),
        ("[a](javascript:x)", "\u{1b}[4ma\u{1b}[0m (javascript:x)\n"),
        (
            "[a](https://a.example/\u{e9})",
            "\u{1b}[4ma\u{1b}[0m (https://a.example/\u{e9})\n",
        ),
        (
            "[www.b.example](https://a.example)",
            "\u{1b}]8;;https://a.example\u{1b}\\\u{1b}[4mwww.b.example\u{1b}[0m\u{1b}]8;;\u{1b}\\ (https://a.example)\n",
        ),
    ] {
        let mut markdown = Markdown::new(
            false,
            true,
            Size {
                columns: 80,
                rows: 24,
            },
        );
        let all = markdown.push(source, markdown.screen.size) + &markdown.end();
        assert_eq!(all, expected, "{source}");
    }
}

#[test]
fn a_new_width_keeps_what_stands() {
    let narrow = Size {
        columns: 24,
        ..SIZE
    };
    for (first, second, expected) in [
        (
            "```\nlet a = 1;\n",
            "let b = **2;\n",
            "let a = 1;\nlet b = **2;\n",
        ),
        ("one ", "two\n", "one\ntwo\n"),
        ("one\n\n", "two\n", "one\n\ntwo\n"),
        ("- one ", "two\n- three", "• one\n  two\n• three\n"),
        ("- one\n\n", "  two\n", "• one\n\n  two\n"),
        ("# one ", "two\n\nthree", "one\ntwo\n\nthree\n"),
        (
            "| a | b |\n|---|---|\n| c | d |\n",
            "| e | f |\n",
            "a │ b\n──┼──\nc │ d\ne │ f\n",
        ),
    ] {
        let mut markdown = Markdown::new(false, false, SIZE);
        let mut all = markdown.push(first, SIZE);
        all += &markdown.push(second, narrow);
        all += &markdown.end();
        let mut terminal = terminal(SIZE);
        terminal.process(all.replace('\n', "\r\n").as_bytes());
        let text: String = terminal
            .screen()
            .contents()
            .lines()
            .map(|line| line.trim_end().to_owned() + "\n")
            .collect();
        assert_eq!(text, expected, "{first:?} {second:?}");
    }
}

#[test]
fn several_answers_after_each_other() {
    let mut markdown = Markdown::new(false, false, SIZE);
    let mut all = String::new();
    for answer in ["a **b", "```\nc", "d"] {
        all += &markdown.push(answer, SIZE);
        all += &markdown.end();
    }
    assert_eq!(all, "a **b\nc\nd\n");
}

#[test]
fn pieces_of_one_character() {
    assert_eq!(screen(chars("a **b** c")), "a b c\n");
}

/// The examples of the specification: all letters, digits and marks of the text
/// that it makes of them are on the screen, in this order.
#[test]
fn examples_of_the_specification() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/commonmark.json");
    let examples = std::fs::read_to_string(file).unwrap();
    let examples: Vec<serde_json::Value> = serde_json::from_str(&examples).unwrap();
    assert_eq!(examples.len(), 652);
    let size = Size {
        columns: 200,
        rows: 60,
    };
    let mut wrong = Vec::new();
    for (index, example) in examples.iter().enumerate() {
        let source = example["markdown"].as_str().unwrap();
        let filtered = crate::terminal::filter::prose(source);
        let whole = sent([filtered.as_ref()], size);
        let streamed = sent(pieces(&filtered, 1), size);
        if streamed.1 != whole.1 {
            wrong.push(format!(
                "{index} {source:?}: streamed {:?}, whole {:?}",
                streamed.1, whole.1
            ));
        }
        let mut screen = whole.1.chars().filter(|c| !c.is_whitespace());
        let text = text_of(example["html"].as_str().unwrap());
        // A NUL is not passed on, not even as the sign for what cannot be shown.
        let mut text = text.chars().filter(|c| *c != '\u{fffd}');
        if let Some(lost) = text.find(|c| !screen.any(|shown| shown == *c)) {
            wrong.push(format!(
                "{index} {source:?}: {lost:?} is not in {:?}",
                whole.1
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// The text of a page without white space.
fn text_of(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"");
    let text = text.replace("&amp;", "&");
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// Code in the languages that models are asked for most.
const SNIPPETS: [(&str, &str); 20] = [
    (
        "python",
        "def f(*args, **kw):\n    x **= 2\n    return [a * b for a, b in kw.items()]  # `x`",
    ),
    (
        "rust",
        "fn f<'a>(p: &'a *mut u8) -> Option<_> {\n    let _x = **p * 3;\n\n    None\n}",
    ),
    (
        "c",
        "int *p = &a[0], **q;\n#define X(a) (*(a) * 2)\nfor (;;) { *p++ = ~0; }",
    ),
    (
        "cpp",
        "std::vector<int*> v{1, 2};\nauto& [a, b] = *it;\ntemplate <typename T> class X;",
    ),
    (
        "go",
        "func (s *S) F(a ...int) (_ error) {\n\tx := *s.p * 2\n\treturn nil\n}",
    ),
    (
        "java",
        "List<? extends T> x = y;\n/** a *comment* */\nint _a = b * c;",
    ),
    (
        "javascript",
        "const f = async (a) => `${a * 2}_${b}`;\nexport * from './x.js';",
    ),
    (
        "typescript",
        "type A<T> = { [K in keyof T]?: T[K] | null };\nlet x = <any>y!;",
    ),
    ("php", "<?php\n$x = $a ** $b;\necho \"{$x['k']}\n\";"),
    ("ruby", "def f(*a, **k, &b)\n  a.map { |x| x * 2 }\nend"),
    (
        "bash",
        "rm -f *.o && cp ~/a/*.c . | grep -v '^#' > \"$X\" 2>&1\nx=`ls`",
    ),
    (
        "powershell",
        "Get-ChildItem *.log | Where-Object { $_.Length -gt 1kb }",
    ),
    (
        "sql",
        "SELECT *, count(*) FROM t WHERE a_b LIKE '%x%' -- *\nGROUP BY 1;",
    ),
    (
        "html",
        "<!-- *x* -->\n<a href=\"#x_y\">a &amp; b</a>\n<br/>",
    ),
    (
        "css",
        "* { margin: 0 }\n.a > b ~ c::before { content: \"*\" }",
    ),
    ("yaml", "- a: *anchor\n  b: |\n    x\n- [1, 2]\n# c"),
    ("json", "{\n  \"a_b\": [1, 2],\n  \"c\": \"*\"\n}"),
    ("markdown", "# a\n\n- **b** | `c`\n\n1) d\n> e"),
    ("latex", "\\[ x_1 * y^{2} \\] % \\_\n\\frac{a}{b}"),
    ("diff", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a * b\n+a ** b"),
];

/// Forms of answers around code.
const ANSWERS: [&str; 10] = [
    "Here you are:\n\n```LANG\nCODE\n```\n\nThat is all, 2 * 3 = 6.",
    "## How\n\n1. First **install** it:\n\n   ```LANG\n   CODE\n   ```\n\n2. Then run it.\n   - It takes a * b steps.",
    "- one\n  - two\n\n    ```LANG\n    CODE\n    ```\n  - three *times*\n- four",
    "```LANG\nCODE\n```\n```LANG\nCODE\n```\nDone.",
    "> A note with _emphasis_ and snake_case_names.\n\n~~~LANG\nCODE\n~~~\n\n| a | b |\n|---|---|\n| 1 | `x * y` |\n",
    "````LANG\nCODE\n````\n\n---\n\n### Notes\n\n* a\n* b\n",
    "Zuerst 漢字 und 👋🏽:\n```LANG\nCODE\n```\nдальше, ñandú.",
    "1) a\n```LANG\nCODE\n```\n2) b\n\n[link](https://a.example/x_y_z) and `code`.",
    "10. ten\n\n    text\n\n    ```LANG\n    CODE\n    ```\n\n    more\n11. eleven",
    "- [ ] open\n- [x] done:\n  ```LANG\n  CODE\n  ```\n\nThe end",
];

/// Two hundred answers: the code in them is on the screen as it is.
#[test]
fn code_of_every_language_is_whole() {
    let size = Size {
        columns: 100,
        rows: 60,
    };
    for (language, code) in SNIPPETS {
        for answer in ANSWERS {
            let mut source = String::new();
            for line in answer.lines() {
                let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
                for part in rest.replace("LANG", language).replace("CODE", code).lines() {
                    if !part.is_empty() {
                        source += indent;
                    }
                    source += part;
                    source.push('\n');
                }
                if line.is_empty() {
                    source.push('\n');
                }
            }
            let whole = sent([source.as_str()], size).1;
            for length in [1, 13] {
                let streamed = sent(pieces(&source, length), size).1;
                assert_eq!(streamed, whole, "{source}");
            }
            let lines: Vec<&str> = whole.lines().map(str::trim).collect();
            let mut at = 0;
            for line in code.lines().filter(|line| !line.is_empty()) {
                let expected = line.replace('\t', "    ");
                let found = lines
                    .iter()
                    .skip(at)
                    .position(|line| *line == expected.trim());
                let found =
                    found.unwrap_or_else(|| panic!("no {expected:?} in\n{whole}\nof\n{source}"));
                at += found + 1;
            }
        }
    }
}

/// Answers whose screens are compared with all their colours.
const SCREENS: [&str; 10] = [
    "# Answer\n\nSome **bold**, *italic*, ~~gone~~ and `code`, long enough that it has to be wrapped at the end of the row.\n\n- one\n- two\n  - nested **bold\n    text**\n- three\n",
    "1. Install:\n\n   ```sh\n   cargo install chatwire # * not a list *\n   ```\n\n2. Run:\n\n   ```sh\n   chatwire ask --mock \"2 * 3\"\n\n   chatwire chat\n   ```\n\n3. Done.",
    "| Name | Größe | 数 |\n|:-----|------:|:--:|\n| a | 1 | 漢字 |\n| a longer cell | 12345 | 字 |\n| `x \\| y` | **2** | 👋🏽 |\n\nAfter the table.",
    "你好！这是一个很长的段落，里面没有空格，但是它必须在屏幕的右边换行，因为终端只有八十列宽。标点符号不应该出现在行首。\n\n- 第一\n- 第二，**粗体**\n",
    "Emoji: 👩‍👩‍👧 🏳️‍🌈 ❤️ 👍🏽 ✅ and flags 🇩🇪🇯🇵.\n\n> Quoted 👋 text\n> over lines\n>\n> - with a list\n\nEnd 🎉",
    "```python\ndef f(*args, **kw):\n\tx = args[0] ** 2\n\treturn x\n```\n\nand\n\n````md\n```\ninner\n```\n````\n",
    "- [ ] open\n- [x] done\n- [ ] with code\n\n  ```js\n  let a = b * c;\n  ```\n\n1) one\n2) two\n   1. inner\n      - deep\n        - deeper\n",
    "Title\n=====\n\nText with a [link](https://a.example/x_y) and <https://b.example>.\n\nSub\n---\n\nHard  \nbreak\n\n***\n\nLast *line",
    "A long answer:\n\n1. a\n2. b\n3. c\n4. d\n5. e\n6. f\n7. g\n8. h\n9. i\n10. j\n11. k\n12. l\n13. m\n14. n\n15. o\n16. p\n17. q\n18. r\n19. s\n20. t\n21. u\n22. v\n23. w\n24. **x** `y`\n25. z",
    "| a | b |\n|---|---|\n| 1 | x |\n| 2 | x |\n| 3 | x |\n| 4 | x |\n| 5 | x |\n| 6 | x |\n| 7 | x |\n| 8 | x |\n| 9 | x |\n| 10 | x |\n| 11 | x |\n| 12 | x |\n| 13 | x |\n| 14 | x |\n| 15 | x |\n| 16 | x |\n| 17 | x |\n| 18 | x |\n| 19 | x |\n| 20 | x |\n| 21 | x |\n| 22 | x |\n| 23 | x |\n| 24 | x |\n| 25 longer than all before | x |\n",
];

/// Ten screens: byte for byte, and all at once.
#[test]
fn ten_screens() {
    let size = Size {
        columns: 80,
        rows: 24,
    };
    for source in SCREENS {
        let cells = |pieces: Vec<&str>| {
            let mut terminal = terminal(size);
            terminal.process(output(pieces, size).replace('\n', "\r\n").as_bytes());
            terminal.screen().contents_formatted()
        };
        let whole = cells(vec![source]);
        for length in [1, 2, 5, 17] {
            let streamed = cells(pieces(source, length));
            assert_eq!(streamed, whole, "{source}");
        }
        if std::env::var_os("CHATWIRE_SHOW_SCREENS").is_some() {
            println!("{}", sent([source], size).1);
        }
    }
}
