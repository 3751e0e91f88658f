//! Figures as Markdown.

/// A median and the quartiles around it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    lower: f64,
    pub(crate) median: f64,
    upper: f64,
}

impl Spread {
    /// The spread of these figures; `None` if there are none.
    pub(crate) fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let last = figures.len().checked_sub(1)?;
        // Interpolates between two figures.
        let at = |quarters: usize| {
            let (below, rest) = (last * quarters / 4, last * quarters % 4);
            let above = figures[(below + 1).min(last)];
            figures[below] + (above - figures[below]) * rest as f64 / 4.0
        };
        Some(Self { lower: at(1), median: at(2), upper: at(3) })
    }

    /// `2.15 (2.10–2.31)`
    pub(crate) fn show(self) -> String {
        let Self { lower, median, upper } = self;
        format!("{} ({}–{})", round(median), round(lower), round(upper))
    }
}

/// Rounds to about three significant digits.
pub(crate) fn round(figure: f64) -> String {
    match figure {
        _ if figure >= 100.0 => format!("{figure:.0}"),
        _ if figure >= 10.0 => format!("{figure:.1}"),
        _ if figure >= 0.1 => format!("{figure:.2}"),
        _ => format!("{figure:.3}"),
    }
}

/// A table with these headings.
pub(crate) fn print(headings: &[&str], rows: &[Vec<String>]) {
    let line = |cells: &[&str]| println!("| {} |", cells.join(" | "));
    line(headings);
    line(&vec!["---"; headings.len()]);
    for row in rows {
        line(&row.iter().map(String::as_str).collect::<Vec<_>>());
    }
    println!();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(figures: &[f64], shown: Option<&str>) {
        let spread = Spread::of(figures.iter().copied()).map(|spread| spread.show());
        assert_eq!(spread.as_deref(), shown);
    }

    #[test]
    fn quartiles_are_interpolated_between_figures() {
        check(&[], None);
        check(&[1.0], Some("1.00 (1.00–1.00)"));
        check(&[3.0, 1.0], Some("2.00 (1.50–2.50)"));
        check(&[5.0, 1.0, 4.0, 2.0, 3.0], Some("3.00 (2.00–4.00)"));
        check(&[0.031], Some("0.031 (0.031–0.031)"));
        check(&[10.0, 40.0, 20.0, 300.0], Some("30.0 (17.5–105)"));
    }
}
