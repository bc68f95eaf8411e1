//! Draws a line chart as SVG.

use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 360.0;
/// Margins for titles and numbers: left, right, top, bottom.
const MARGINS: (f64, f64, f64, f64) = (80.0, 20.0, 60.0, 50.0);
const TICKS: u32 = 5;
/// Colours of the lines; a chart has no more lines than these.
const COLOURS: [&str; 4] = ["#5546ff", "#d9480f", "#2b8a3e", "#868e96"];

/// A chart with up to four lines.
#[derive(Debug, Clone)]
pub struct Chart {
    /// Title above the chart.
    pub title: String,
    /// What grows, with its unit.
    pub x: String,
    /// What is measured, with its unit.
    pub y: String,
    /// Whether x grows by factors, and so has a logarithmic axis; x is then at least 1 everywhere.
    pub by_factors: bool,
    /// Up to four lines.
    pub lines: Vec<Line>,
}

/// A line of a chart.
#[derive(Debug, Clone)]
pub struct Line {
    /// Name of the line in the legend.
    pub name: String,
    /// Its points in order of x, all at least 0.
    pub points: Vec<(f64, f64)>,
}

impl Chart {
    /// The chart as an SVG document; its axes begin at 0, an x axis by factors at 1.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let (x_max, y_max) = (self.x_max(), nice(self.largest(|point| point.1)));
        let (left, right, top, bottom) = MARGINS;
        let share = |x: f64| if self.by_factors { x.max(1.0).log10() / x_max.log10() } else { x / x_max };
        let at_x = |x: f64| left + share(x) * (WIDTH - left - right);
        let at_y = |y: f64| HEIGHT - bottom - y / y_max * (HEIGHT - top - bottom);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        );
        text(&mut svg, (WIDTH / 2.0, 18.0), "middle", "black", &self.title);
        text(&mut svg, (WIDTH / 2.0, HEIGHT - 10.0), "middle", "black", &self.x);
        text(&mut svg, (4.0, top - 8.0), "start", "black", &self.y);
        for x in self.x_ticks(x_max) {
            text(&mut svg, (at_x(x), HEIGHT - bottom + 18.0), "middle", "black", &label(x));
        }
        for tick in 0..=TICKS {
            let y = y_max * f64::from(tick) / f64::from(TICKS);
            text(&mut svg, (left - 6.0, at_y(y) + 4.0), "end", "black", &label(y));
            let (right, y) = (WIDTH - right, at_y(y));
            // Writing into a String cannot fail.
            let _ = writeln!(svg, "<line x1=\"{left}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>");
        }
        for (place, (line, colour)) in self.lines.iter().zip(COLOURS).enumerate() {
            let at = WIDTH - right - 150.0 * f64::from(u8::try_from(place).unwrap_or(u8::MAX));
            text(&mut svg, (at, top - 20.0), "end", colour, &line.name);
            let points: Vec<_> = line.points.iter().map(|(x, y)| format!("{:.1},{:.1}", at_x(*x), at_y(*y))).collect();
            let points = points.join(" ");
            let _ =
                writeln!(svg, "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>");
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn largest(&self, of: fn(&(f64, f64)) -> f64) -> f64 {
        self.lines.iter().flat_map(|line| &line.points).map(of).fold(0.0, f64::max)
    }

    fn x_max(&self) -> f64 {
        let largest = self.largest(|point| point.0);
        if self.by_factors { 10f64.powf(largest.max(10.0).log10().ceil()) } else { nice(largest) }
    }

    fn x_ticks(&self, x_max: f64) -> Vec<f64> {
        if self.by_factors {
            return std::iter::successors(Some(1.0), |x| Some(x * 10.0)).take_while(|x| *x <= x_max * 1.01).collect();
        }
        (0..=TICKS).map(|tick| x_max * f64::from(tick) / f64::from(TICKS)).collect()
    }
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, colour: &str, what: &str) {
    let what = what.replace('&', "&amp;").replace('<', "&lt;");
    // Writing into a String cannot fail.
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{what}</text>");
}

/// The next number of the form 1, 2 or 5 times a power of ten.
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
        value if value >= 10.0 || value.fract() == 0.0 => format!("{value:.0}"),
        value => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(by_factors: bool, points: Vec<(f64, f64)>) -> String {
        let lines = vec![Line { name: "one & all".into(), points }];
        Chart { title: "a < b".into(), x: "x".into(), y: "y".into(), by_factors, lines }.to_svg()
    }

    fn polyline(svg: &str) -> &str {
        svg.lines().find(|line| line.starts_with("<polyline")).unwrap()
    }

    #[test]
    fn points_stay_inside_and_axes_are_round() {
        assert_eq!([nice(0.0), nice(3.0), nice(1000.0), nice(0.07)], [1.0, 5.0, 1000.0, 0.1]);
        let svg = chart(false, vec![(0.0, 1.0), (50.0, 300.0), (100.0, 20.0)]);
        assert!(svg.contains("a &lt; b") && svg.contains("one &amp; all") && svg.ends_with("</svg>\n"));
        assert!(polyline(&svg).contains("80.0,") && polyline(&svg).contains("700.0,"), "{svg}");
    }

    #[test]
    fn factors_stand_at_equal_distances() {
        let svg = chart(true, vec![(1.0, 1.0), (10.0, 1.0), (100.0, 1.0)]);
        assert!(["80.0,", "390.0,", "700.0,"].iter().all(|x| polyline(&svg).contains(x)), "{svg}");
    }
}
