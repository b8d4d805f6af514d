//! Plots as SVG. Every colour stands for a role, which the page's style sheet gives its real colour,
//! for a light and for a dark screen.

use std::ops::Range;

use anyhow::{Result, anyhow};
use plotters::{
    coord::{
        Shift,
        ranged1d::{AsRangedCoord, ValueFormatter},
    },
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

/// Width and height of a plot, in the units of its text.
const SIZE: (u32, u32) = (600, 340);

const TEXT: i32 = 17;

/// Roles, as the style sheet knows them.
pub(super) const INK: RGBColor = RGBColor(1, 1, 1);
pub(super) const GRID: RGBColor = RGBColor(2, 2, 2);
pub(super) const MARK: RGBColor = RGBColor(3, 3, 3);
pub(super) const LINES: [RGBColor; 4] =
    [RGBColor(11, 0, 0), RGBColor(12, 0, 0), RGBColor(13, 0, 0), RGBColor(14, 0, 0)];

/// What an axis says.
pub(super) struct Axis<'a> {
    pub(super) title: &'a str,
    pub(super) range: Range<f64>,
    pub(super) is_log: bool,
    pub(super) label: &'a dyn Fn(f64) -> String,
}

/// A line, or with `filled` the area under it.
pub(super) struct Series {
    pub(super) colour: RGBColor,
    pub(super) points: Vec<(f64, f64)>,
    pub(super) filled: bool,
    pub(super) dotted: bool,
}

impl Series {
    pub(super) const fn line(colour: RGBColor, points: Vec<(f64, f64)>) -> Self {
        Self { colour, points, filled: false, dotted: true }
    }
}

/// A dashed line across the plot, with a word at its end.
pub(super) enum Mark {
    /// At this place of the axis of x.
    At(f64, String),
    /// At this height.
    Level(f64, String),
    /// From corner to corner, where both axes are the same.
    Diagonal,
}

/// Draws one plot.
///
/// # Errors
///
/// When an axis has no length.
pub(super) fn draw(
    x: &Axis<'_>,
    y: &Axis<'_>,
    series: &[Series],
    marks: &[Mark],
) -> Result<String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let (across, up) = (x.range.clone(), y.range.clone());
        // The four kinds of plots are four types.
        match (x.is_log, y.is_log) {
            (false, false) => on(&area, across, up, x, y, series, marks),
            (false, true) => on(&area, across, up.log_scale(), x, y, series, marks),
            (true, false) => on(&area, across.log_scale(), up, x, y, series, marks),
            (true, true) => on(&area, across.log_scale(), up.log_scale(), x, y, series, marks),
        }?;
        area.present().map_err(failed)?;
    }
    Ok(svg)
}

fn on<X, Y>(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    across: X,
    up: Y,
    x: &Axis<'_>,
    y: &Axis<'_>,
    series: &[Series],
    marks: &[Mark],
) -> Result<()>
where
    X: AsRangedCoord<Value = f64, CoordDescType: ValueFormatter<f64>>,
    Y: AsRangedCoord<Value = f64, CoordDescType: ValueFormatter<f64>>,
{
    let text = ("sans-serif", TEXT).into_font().color(&INK);
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .margin_right(40)
        .x_label_area_size(50)
        .y_label_area_size(84)
        .build_cartesian_2d(across, up)
        .map_err(failed)?;
    chart
        .configure_mesh()
        .axis_style(INK.stroke_width(1))
        .bold_line_style(GRID.stroke_width(1))
        .light_line_style(TRANSPARENT)
        .label_style(text.clone())
        .axis_desc_style(text.clone())
        .x_desc(x.title)
        .y_desc(y.title)
        .x_labels(6)
        .y_labels(8)
        .x_label_formatter(&|&value| (x.label)(value))
        .y_label_formatter(&|&value| (y.label)(value))
        .draw()
        .map_err(failed)?;
    for mark in marks {
        let (points, word, anchor, shift) = match mark {
            Mark::At(at, word) => (
                vec![(*at, y.range.start), (*at, y.range.end)],
                Some(((*at, y.range.end), word)),
                Pos::new(HPos::Right, VPos::Top),
                (-4, 2),
            ),
            Mark::Level(level, word) => (
                vec![(x.range.start, *level), (x.range.end, *level)],
                Some(((x.range.start, *level), word)),
                Pos::new(HPos::Left, VPos::Bottom),
                (6, -3),
            ),
            Mark::Diagonal => (
                vec![(x.range.start, y.range.start), (x.range.end, y.range.end)],
                None,
                Pos::new(HPos::Left, VPos::Bottom),
                (0, 0),
            ),
        };
        let dashes = DashedLineSeries::new(points, 5, 4, MARK.stroke_width(1));
        chart.draw_series(dashes).map_err(failed)?;
        if let Some((at, word)) = word {
            let style = ("sans-serif", TEXT).into_font().color(&MARK).pos(anchor);
            let word = EmptyElement::at(at) + Text::new(word.clone(), shift, style);
            chart.draw_series([word]).map_err(failed)?;
        }
    }
    for line in series {
        let style = line.colour.stroke_width(2);
        let points = line.points.iter().copied();
        if line.filled {
            let area = AreaSeries::new(points, y.range.start, line.colour.mix(0.25));
            chart.draw_series(area.border_style(style)).map_err(failed)?;
        } else {
            chart.draw_series(LineSeries::new(points.clone(), style)).map_err(failed)?;
            if line.dotted {
                let dots = points.map(|point| Circle::new(point, 3, line.colour.filled()));
                chart.draw_series(dots).map_err(failed)?;
            }
        }
    }
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("a plot cannot be drawn: {error}")
}
