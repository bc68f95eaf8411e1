//! A contract's interface as JSON text, for the node's API.
//!
//! A type is shared by all that have it in memory, and written out once for each of them in the text. A short contract
//! can have a text of gigabytes, so it is written up to a bound, and nothing is made in between.

use std::fmt::{Result as Written, Write};

use super::interface::Interface;
use crate::rules::Rules;
use crate::types::Type;

impl Interface {
    /// The interface as the node's `/v2/contracts/interface` gives it, or `None` if that is longer than `max_bytes`.
    /// The keys of each object are in alphabetical order.
    #[must_use]
    pub fn json(&self, rules: &Rules, max_bytes: usize) -> Option<String> {
        let mut to = Bounded { text: String::new(), max_bytes };
        self.write_json(rules, &mut to).ok()?;
        Some(to.text)
    }

    fn write_json(&self, rules: &Rules, to: &mut Bounded) -> Written {
        write!(
            to,
            r#"{{"clarity_version":"Clarity{}","epoch":"{}","functions":["#,
            self.version, rules.interface_name
        )?;
        self.write_functions(to)?;
        to.write_str(r#"],"fungible_tokens":["#)?;
        listed(to, &self.tokens, |to, name| write!(to, r#"{{"name":"{name}"}}"#))?;
        to.write_str(r#"],"maps":["#)?;
        listed(to, &self.maps, |to, (name, (key, value))| {
            to.write_str(r#"{"key":"#)?;
            write_type(to, key)?;
            write!(to, r#","name":"{name}","value":"#)?;
            write_type(to, value)?;
            to.write_char('}')
        })?;
        to.write_str(r#"],"non_fungible_tokens":["#)?;
        listed(to, &self.assets, |to, (name, of)| named(to, name.as_str(), of))?;
        to.write_str(r#"],"variables":["#)?;
        let constants = self.constants.iter().map(|variable| ("constant", variable));
        let variables = constants.chain(self.variables.iter().map(|variable| ("variable", variable)));
        listed(to, variables, |to, (access, (name, of))| {
            write!(to, r#"{{"access":"{access}","name":"{name}","type":"#)?;
            write_type(to, of)?;
            to.write_char('}')
        })?;
        to.write_str("]}")
    }

    fn write_functions(&self, to: &mut Bounded) -> Written {
        let groups = [("private", &self.private), ("public", &self.public), ("read_only", &self.read_only)];
        let functions = groups.into_iter().flat_map(|(access, group)| group.iter().map(move |of| (access, of)));
        listed(to, functions, |to, (access, (name, function))| {
            write!(to, r#"{{"access":"{access}","args":["#)?;
            listed(to, &function.parameters, |to, (name, of)| named(to, name.as_str(), of))?;
            write!(to, r#"],"name":"{name}","outputs":{{"type":"#)?;
            write_type(to, &function.result)?;
            to.write_str("}}")
        })
    }
}

/// A text that refuses what would make it longer than its bound.
struct Bounded {
    text: String,
    max_bytes: usize,
}

impl Write for Bounded {
    fn write_str(&mut self, more: &str) -> Written {
        if more.len() > self.max_bytes - self.text.len() {
            return Err(std::fmt::Error);
        }
        self.text.push_str(more);
        Ok(())
    }
}

/// Writes parts with commas between them.
fn listed<T>(
    to: &mut Bounded,
    parts: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Bounded, T) -> Written,
) -> Written {
    for (at, part) in parts.into_iter().enumerate() {
        if at > 0 {
            to.write_char(',')?;
        }
        write(to, part)?;
    }
    Ok(())
}

/// Names need no escapes: they have letters, digits and a few signs.
fn named(to: &mut Bounded, name: &str, of: &Type) -> Written {
    write!(to, r#"{{"name":"{name}","type":"#)?;
    write_type(to, of)?;
    to.write_char('}')
}

fn write_type(to: &mut Bounded, of: &Type) -> Written {
    let sized = |to: &mut Bounded, kind, length| write!(to, r#"{{"{kind}":{{"length":{length}}}}}"#);
    match of {
        Type::NoType => to.write_str(r#""none""#),
        Type::Int => to.write_str(r#""int128""#),
        Type::UInt => to.write_str(r#""uint128""#),
        Type::Bool => to.write_str(r#""bool""#),
        Type::Principal | Type::Callable(_) | Type::Union(_) => to.write_str(r#""principal""#),
        Type::Trait(_) => to.write_str(r#""trait_reference""#),
        Type::Buffer(length) => sized(to, "buffer", length),
        Type::Ascii(length) => sized(to, "string-ascii", length),
        Type::Utf8(length) => sized(to, "string-utf8", length),
        Type::List(list) => {
            write!(to, r#"{{"list":{{"length":{},"type":"#, list.max_len())?;
            write_type(to, list.entry())?;
            to.write_str("}}")
        }
        Type::Optional(optional) => {
            to.write_str(r#"{"optional":"#)?;
            write_type(to, optional.inner())?;
            to.write_char('}')
        }
        Type::Response(response) => {
            to.write_str(r#"{"response":{"error":"#)?;
            write_type(to, response.err())?;
            to.write_str(r#","ok":"#)?;
            write_type(to, response.ok())?;
            to.write_str("}}")
        }
        Type::Tuple(tuple) => {
            to.write_str(r#"{"tuple":["#)?;
            listed(to, tuple.fields(), |to, (name, of)| named(to, name.as_str(), of))?;
            to.write_str("]}")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value as Json, json};

    use super::*;
    use crate::analysis::FunctionType;
    use crate::names::ClarityName;

    fn name(text: &str) -> ClarityName {
        ClarityName::new(text).unwrap()
    }

    fn everything() -> Interface {
        let texts = Type::response(Type::Ascii(3), Type::Utf8(4)).unwrap();
        let tuple = Type::tuple(vec![(name("b"), texts), (name("a!"), Type::Buffer(2))]).unwrap();
        let parameters = vec![
            (name("who"), Type::Principal),
            (name("all"), Type::list(Type::optional(Type::NoType).unwrap(), 9).unwrap()),
        ];
        let function = Arc::new(FunctionType { parameters, result: tuple.clone() });
        Interface {
            version: 3,
            constants: [(name("c"), Type::Int), (name("d"), Type::Bool)].into(),
            variables: [(name("v"), Type::UInt)].into(),
            maps: [(name("m"), (Type::UInt, tuple))].into(),
            private: [(name("f?"), Arc::clone(&function)), (name("g"), Arc::clone(&function))].into(),
            read_only: [(name("r"), function)].into(),
            tokens: [name("coin")].into(),
            assets: [(name("art"), Type::UInt)].into(),
            ..Interface::default()
        }
    }

    #[test]
    fn the_text_has_every_part_with_its_keys_in_order() {
        let texts =
            json!({"response": {"error": {"string-utf8": {"length": 4}}, "ok": {"string-ascii": {"length": 3}}}});
        let tuple = json!({"tuple": [{"name": "a!", "type": {"buffer": {"length": 2}}}, {"name": "b", "type": texts}]});
        let function = |access, name| {
            json!({"access": access, "name": name, "outputs": {"type": tuple}, "args": [
                {"name": "who", "type": "principal"},
                {"name": "all", "type": {"list": {"length": 9, "type": {"optional": "none"}}}},
            ]})
        };
        let whole: Json = json!({
            "clarity_version": "Clarity3",
            "epoch": Rules::EPOCH_4_0.interface_name,
            "functions": [function("private", "f?"), function("private", "g"), function("read_only", "r")],
            "fungible_tokens": [{"name": "coin"}],
            "maps": [{"key": "uint128", "name": "m", "value": tuple}],
            "non_fungible_tokens": [{"name": "art", "type": "uint128"}],
            "variables": [
                {"access": "constant", "name": "c", "type": "int128"},
                {"access": "constant", "name": "d", "type": "bool"},
                {"access": "variable", "name": "v", "type": "uint128"},
            ],
        });
        let (rules, whole) = (&Rules::EPOCH_4_0, whole.to_string());
        assert_eq!(everything().json(rules, whole.len()), Some(whole.clone()));
        assert_eq!(everything().json(rules, whole.len() - 1), None);
    }

    #[test]
    fn a_text_of_shared_types_stops_at_its_bound() {
        let fields = (0..1000).map(|at| (name(&format!("a{at}")), Type::NoType)).collect();
        let of = Type::tuple(fields).unwrap();
        let constants = (0..1000).map(|at| (name(&format!("c{at}")), of.clone())).collect();
        let shared = Interface { constants, ..Interface::default() };
        let mut to = Bounded { text: String::new(), max_bytes: 1 << 20 };
        assert!(shared.write_json(&Rules::EPOCH_4_0, &mut to).is_err());
        assert!(to.text.capacity() <= 2 << 20, "{}", to.text.capacity());
        assert!(to.text.len() > (1 << 20) - 100, "{}", to.text.len());
    }
}
