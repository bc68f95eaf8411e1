//! The cost figures, and the boot contracts `costs-3` and `cost-voting` that show them on the chain.
//!
//! The figures are data (`costs3.json`, a copy of the conformance vectors' file); the contracts' texts are generated from
//! them: a function with five fixed figures returns a stored constant, the others build their tuple directly.
//!
//! # Invariants
//! - The text is a pure function of `costs3.json`: equal on every node of every chain of one release.
//! - No cost-voting proposal can ever be confirmed, so the figures never change during a chain.
//!
//! # Not here
//! What the tracker evaluates: `meter`. When a tracker is made: `session`.

use std::fmt::Write as _;

use serde_json::Value as Json;

/// Name of the boot contract with the cost functions of epochs 2.1 to 3.2.
pub const COSTS_CONTRACT: &str = "costs-3";

/// Name of the boot contract in which the VM looks for confirmed changes of cost functions.
pub const COST_VOTING_CONTRACT: &str = "cost-voting";

/// The smallest contract that the tracker accepts: it reads this variable when it is made, and the map only for
/// proposals below the variable's value, of which there can be none, as the contract has no functions.
pub const COST_VOTING_SOURCE: &str = "\
(define-data-var confirmed-proposal-count uint u0)
(define-map confirmed-proposals
  { confirmed-id: uint }
  { function-contract: principal, function-name: (string-ascii 128),
    cost-function-contract: principal, cost-function-name: (string-ascii 128), expiration-block-height: uint })
";

/// The figures, as published with the conformance vectors.
const FIGURES: &str = include_str!("costs3.json");

/// The dimensions in the order in which a cost tuple names them.
const DIMENSIONS: [&str; 5] = ["runtime", "write_length", "write_count", "read_count", "read_length"];

/// Why the figures make no contract. Only a damaged build can raise it; a test reads all figures.
#[derive(Debug, thiserror::Error)]
pub enum CostFiguresError {
    /// The file is not JSON.
    #[error("cost figures are not json")]
    Json(#[from] serde_json::Error),
    /// A function's dimension is missing or has no known form.
    #[error("cost figures of {function} have no usable {dimension}")]
    Figure {
        /// Which cost function.
        function: String,
        /// Which of its five dimensions.
        dimension: &'static str,
    },
}

/// Generates the text of `costs-3`.
///
/// # Errors
/// [`CostFiguresError`] if the figures are damaged.
pub fn costs_source() -> Result<String, CostFiguresError> {
    let mut text = String::new();
    let mut constants: Vec<String> = Vec::new();
    for Figure { name, cells } in figures()? {
        let tuple = tuple_text(&cells);
        let body = if cells.iter().all(Cell::is_constant) {
            let index = constants.iter().position(|known| *known == tuple).unwrap_or_else(|| {
                // Defined right before its first use: a contract is evaluated from top to bottom.
                let _ = writeln!(text, "(define-constant C{} {tuple})", constants.len());
                constants.push(tuple);
                constants.len() - 1
            });
            format!("C{index}")
        } else {
            tuple
        };
        let _ = writeln!(text, "(define-read-only ({name} (n uint)) {body})");
    }
    Ok(text)
}

/// One cost function: its name and its dimensions, in the order of [`DIMENSIONS`].
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) cells: Vec<Cell>,
}

/// All cost functions.
pub(crate) fn figures() -> Result<Vec<Figure>, CostFiguresError> {
    let figures: Json = serde_json::from_str(FIGURES)?;
    let functions = figures.get("functions").and_then(Json::as_object).into_iter().flatten();
    let read = |(name, figure): (&String, &Json)| {
        let cell = |&dimension| {
            Cell::read(figure.get(dimension))
                .ok_or_else(|| CostFiguresError::Figure { function: name.clone(), dimension })
        };
        Ok(Figure { name: name.clone(), cells: DIMENSIONS.iter().map(cell).collect::<Result<_, _>>()? })
    };
    functions.map(read).collect()
}

/// One dimension of one cost function, as a function of the input size n.
pub(crate) enum Cell {
    Constant(String),
    /// a * n + b
    Linear(String, String),
    /// a * log2 n + b
    LogN(String, String),
    /// a * n * log2 n + b
    NLogN(String, String),
}

impl Cell {
    fn read(figure: Option<&Json>) -> Option<Self> {
        let figure = figure?;
        let number = |key: &str| figure.get(key)?.as_u64().map(|value| value.to_string());
        Some(match figure.get("formula")?.as_str()? {
            "constant" => Self::Constant(number("value")?),
            "linear" => Self::Linear(number("a")?, number("b")?),
            "logn" => Self::LogN(number("a")?, number("b")?),
            "nlogn" => Self::NLogN(number("a")?, number("b")?),
            _ => return None,
        })
    }

    pub(crate) const fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }

    fn text(&self) -> String {
        match self {
            Self::Constant(value) => format!("u{value}"),
            Self::Linear(a, b) if a == "1" => format!("(+ n u{b})"),
            Self::Linear(a, b) => format!("(+ (* u{a} n) u{b})"),
            Self::LogN(a, b) => format!("(+ (* u{a} (log2 n)) u{b})"),
            Self::NLogN(a, b) => format!("(+ (* u{a} n (log2 n)) u{b})"),
        }
    }
}

/// The five dimensions as a tuple of Clarity.
pub(crate) fn tuple_text(cells: &[Cell]) -> String {
    let fields: Vec<String> =
        DIMENSIONS.iter().zip(cells).map(|(dimension, cell)| format!("{dimension}: {}", cell.text())).collect();
    format!("{{ {} }}", fields.join(", "))
}
