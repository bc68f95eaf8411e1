//! A line chart as SVG, drawn from the tool's own points.

use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 360.0;
/// Room for titles and numbers: left, right, top, bottom.
const MARGINS: (f64, f64, f64, f64) = (80.0, 20.0, 40.0, 50.0);
const TICKS: u32 = 5;

/// One chart: points in order of x, all at least 0.
#[derive(Debug, Clone)]
pub struct Chart {
    /// What is shown.
    pub title: String,
    /// What grows, with its unit.
    pub x: String,
    /// What is measured, with its unit.
    pub y: String,
    /// The points.
    pub points: Vec<(f64, f64)>,
}

impl Chart {
    /// The chart as an SVG document; its axes begin at 0.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let largest = |of: fn(&(f64, f64)) -> f64| self.points.iter().map(of).fold(0.0, f64::max);
        let (x_max, y_max) = (nice(largest(|point| point.0)), nice(largest(|point| point.1)));
        let (left, right, top, bottom) = MARGINS;
        let at_x = |x: f64| left + x / x_max * (WIDTH - left - right);
        let at_y = |y: f64| HEIGHT - bottom - y / y_max * (HEIGHT - top - bottom);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        );
        let mut text = |x: f64, y: f64, anchor: &str, what: &str| {
            let what = what.replace('&', "&amp;").replace('<', "&lt;");
            // Writing into a String cannot fail.
            let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{what}</text>");
        };
        text(WIDTH / 2.0, 20.0, "middle", &self.title);
        text(WIDTH / 2.0, HEIGHT - 10.0, "middle", &self.x);
        text(4.0, top - 8.0, "start", &self.y);
        for tick in 0..=TICKS {
            let share = f64::from(tick) / f64::from(TICKS);
            text(at_x(x_max * share), HEIGHT - bottom + 18.0, "middle", &label(x_max * share));
            text(left - 6.0, at_y(y_max * share) + 4.0, "end", &label(y_max * share));
        }
        let mut line = |from: (f64, f64), to: (f64, f64)| {
            let _ = writeln!(
                svg,
                "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"#ccc\"/>",
                from.0, from.1, to.0, to.1
            );
        };
        for tick in 0..=TICKS {
            let y = at_y(y_max * f64::from(tick) / f64::from(TICKS));
            line((left, y), (WIDTH - right, y));
        }
        let points: Vec<_> = self.points.iter().map(|(x, y)| format!("{:.1},{:.1}", at_x(*x), at_y(*y))).collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"#5546ff\" stroke-width=\"2\"/>",
            points.join(" ")
        );
        svg.push_str("</svg>\n");
        svg
    }
}

/// The next 1, 2 or 5 times a power of ten.
fn nice(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|nice| *nice >= value).unwrap_or(value)
}

fn label(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{:.1} M", value / 1e6),
        value if value >= 1e4 => format!("{:.0} k", value / 1e3),
        value if value >= 10.0 || value == 0.0 => format!("{value:.0}"),
        value => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_stay_inside_and_axes_are_round() {
        assert_eq!([nice(0.0), nice(3.0), nice(1000.0), nice(0.07)], [1.0, 5.0, 1000.0, 0.1]);
        let points = vec![(0.0, 1.0), (50.0, 300.0), (100.0, 20.0)];
        let chart = Chart { title: "a < b".into(), x: "x".into(), y: "y".into(), points };
        let svg = chart.to_svg();
        assert!(svg.contains("a &lt; b") && svg.ends_with("</svg>\n"));
        let line = svg.lines().find(|line| line.starts_with("<polyline")).unwrap();
        assert!(line.contains("80.0,") && line.contains("700.0,"), "{line}");
    }
}
