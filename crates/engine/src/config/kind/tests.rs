use super::*;

/// What is written is read again, without the quotes that TOML has.
fn round<K: Written>(text: &str, value: K::Value)
where
    K::Value: PartialEq + std::fmt::Debug,
{
    assert_eq!(K::of_text(text).as_ref(), Ok(&value));
    assert_eq!(K::write(&value).trim_matches('"'), text);
}

#[test]
fn values_are_read_as_they_are_written() {
    round::<Truth>("false", false);
    round::<Port>("8080", 8080);
    round::<Whole>("0", 0);
    round::<Count>("3", 3);
    round::<Text>("a b", "a b".into());
    assert_eq!(Texts::write(&vec!["a".into(), "b\"".into()]), r#"["a", 'b"']"#);
    round::<Bytes>("25MiB", 25 << 20);
    round::<Bytes>("3KiB", 3072);
    round::<Bytes>("1GiB", 1 << 30);
    round::<Bytes>("1025", 1025);
    round::<Bytes>("0", 0);
    round::<Time>("500us", Duration::from_micros(500));
    round::<Time>("2ms", Duration::from_millis(2));
    round::<Time>("60s", Duration::from_mins(1));
    round::<Time>("0s", Duration::ZERO);
    round::<Fraction>("0.1", 0.1);
    round::<Fraction>("1.0", 1.0);
    round::<Amount>("2.5", 2.5);
    assert_eq!(Secret::of_text("s").map(|secret| secret.reveal() == "s"), Ok(true));
    assert_eq!(Texts::of_text("a, b"), Ok(vec!["a".into(), "b".into()]));
    assert_eq!(FilePath::of_text("a/b"), Ok("a/b".into()));
    assert_eq!(Truth::of_text("ON"), Ok(true));
}

#[test]
fn values_of_another_kind_are_refused() {
    for text in ["", "-1", "1.5", "x", "99999999999999999999"] {
        assert!(Port::of_text(text).is_err(), "{text}");
        assert!(Whole::of_text(text).is_err(), "{text}");
        assert!(Count::of_text(text).is_err(), "{text}");
        assert!(Bytes::of_text(text).is_err(), "{text}");
        assert!(Time::of_text(text).is_err(), "{text}");
        assert!(Truth::of_text(text).is_err(), "{text}");
    }
    assert!(Port::of_text("65536").is_err());
    assert!(Count::of_text("0").is_err());
    for text in ["1MB", "MiB", "99999999999999GiB", "1 KiB KiB"] {
        assert!(Bytes::of_text(text).is_err(), "{text}");
    }
    for text in ["60", "s", "-1s", "2 min", "99999999999999999999s"] {
        assert!(Time::of_text(text).is_err(), "{text}");
    }
    for text in ["1.1", "-0.1", "NaN", "inf", "half"] {
        assert!(Fraction::of_text(text).is_err(), "{text}");
        assert!(text == "1.1" || Amount::of_text(text).is_err(), "{text}");
    }
    assert!(Secret::of_text("").is_err());
}
