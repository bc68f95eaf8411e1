//! Native functions and keywords, by the type that they give.

use super::Writer;
use crate::programs::types::Type;

impl Writer<'_> {
    pub(super) fn native(&mut self, wanted: &Type, depth: usize) -> Option<String> {
        match wanted {
            Type::Int => self.int(depth),
            Type::UInt => self.uint(depth),
            Type::Bool => self.boolean(depth),
            Type::Principal => self.principal(depth),
            Type::Buffer(max) => self.buffer(*max, depth),
            Type::Ascii(max) => self.ascii(*max, depth),
            Type::Utf8(max) => self.utf8(*max, depth),
            Type::Optional(inner) => self.optional(inner, depth),
            Type::Response(ok, err) => self.response(ok, err, depth),
            Type::List(max, entry) => self.list(*max, entry, depth),
            Type::Tuple(fields) => Some(self.tuple(fields, depth)),
        }
    }

    /// `(function a b ...)` with arguments of these types.
    fn apply(&mut self, function: &str, arguments: &[Type], depth: usize) -> String {
        let arguments: String = arguments.iter().map(|kind| format!(" {}", self.expression(kind, depth))).collect();
        format!("({function}{arguments})")
    }

    fn numbers(&mut self, kind: &Type, depth: usize) -> Option<String> {
        let two = [kind.clone(), kind.clone()];
        let one = [kind.clone()];
        let shift = [kind.clone(), Type::UInt];
        Some(match self.rng.below(if self.since(2) { 17 } else { 11 }) {
            0 => self.apply("+", &two, depth),
            1 => self.apply("-", &two, depth),
            2 => self.apply("*", &two, depth),
            3 => self.apply("/", &two, depth),
            4 => self.apply("mod", &two, depth),
            5 => self.apply("pow", &two, depth),
            6 => self.apply("sqrti", &one, depth),
            7 => self.apply("log2", &one, depth),
            8 => self.apply("xor", &two, depth),
            9 => self.apply("+", &[kind.clone(), kind.clone(), kind.clone()], depth),
            10 => {
                let list = self.expression(&Type::List(4, Box::new(kind.clone())), depth);
                let function = *self.rng.pick(&["+", "*", "-"]);
                format!("(fold {function} {list} {})", self.expression(kind, depth))
            }
            11 => self.apply("bit-and", &two, depth),
            12 => self.apply("bit-or", &two, depth),
            13 => self.apply("bit-xor", &two, depth),
            14 => self.apply("bit-not", &one, depth),
            15 => self.apply("bit-shift-left", &shift, depth),
            _ => self.apply("bit-shift-right", &shift, depth),
        })
    }

    fn int(&mut self, depth: usize) -> Option<String> {
        match self.rng.below(4) {
            0 => Some(self.apply("to-int", &[Type::UInt], depth)),
            1 if self.since(2) => {
                let function = *self.rng.pick(&["buff-to-int-le", "buff-to-int-be"]);
                Some(self.apply(function, &[Type::Buffer(16)], depth))
            }
            _ => self.numbers(&Type::Int, depth),
        }
    }

    fn uint(&mut self, depth: usize) -> Option<String> {
        match self.rng.below(9) {
            0 => Some(self.apply("to-uint", &[Type::Int], depth)),
            1 => {
                let kind = match self.rng.below(3) {
                    0 => Type::Buffer(20),
                    1 => Type::Ascii(5),
                    _ => Type::List(3, Box::new(Type::any(self.rng, 0))),
                };
                Some(self.apply("len", &[kind], depth))
            }
            2 => Some(self.apply("stx-get-balance", &[Type::Principal], depth)),
            3 => {
                let tokens = self.scope.fungible.clone();
                let token = (!tokens.is_empty()).then(|| self.rng.pick(&tokens).clone())?;
                if self.rng.one_in(2) {
                    return Some(format!("(ft-get-supply {token})"));
                }
                Some(format!("(ft-get-balance {token} {})", self.expression(&Type::Principal, depth)))
            }
            4 => Some(self.height()),
            5 if self.since(2) => {
                let function = *self.rng.pick(&["buff-to-uint-le", "buff-to-uint-be"]);
                Some(self.apply(function, &[Type::Buffer(16)], depth))
            }
            _ => self.numbers(&Type::UInt, depth),
        }
    }

    fn height(&mut self) -> String {
        let mut names = vec!["burn-block-height", "stx-liquid-supply"];
        if !self.since(3) {
            names.push("block-height");
        }
        if self.since(2) {
            names.push("chain-id");
        }
        if self.since(3) {
            names.extend(["stacks-block-height", "tenure-height"]);
        }
        if self.since(4) {
            names.push("stacks-block-time");
        }
        (*self.rng.pick(&names)).to_owned()
    }

    fn boolean(&mut self, depth: usize) -> Option<String> {
        let any = Type::any(self.rng, 1);
        Some(match self.rng.below(12) {
            0 => self.apply("is-eq", &[any.clone(), any], depth),
            1 => self.compared(depth),
            2 => self.apply("and", &[Type::Bool, Type::Bool], depth),
            3 => self.apply("or", &[Type::Bool, Type::Bool, Type::Bool], depth),
            4 => self.apply("not", &[Type::Bool], depth),
            5 => self.apply("is-some", &[any.optional()], depth),
            6 => self.apply("is-none", &[any.optional()], depth),
            7 => self.apply("is-ok", &[any.response()], depth),
            8 => self.apply("is-err", &[any.response()], depth),
            9 if self.since(2) => self.apply("is-standard", &[Type::Principal], depth),
            10 => self.apply("secp256k1-verify", &[Type::Buffer(32), Type::Buffer(65), Type::Buffer(33)], depth),
            _ => return self.written(depth),
        })
    }

    fn compared(&mut self, depth: usize) -> String {
        let function = *self.rng.pick(&["<", "<=", ">", ">="]);
        let kinds = [Type::Int, Type::UInt, Type::Ascii(5), Type::Buffer(4), Type::Utf8(5)];
        let kind = self.rng.pick(&kinds[..if self.since(2) { 5 } else { 2 }]).clone();
        self.apply(function, &[kind.clone(), kind], depth)
    }

    /// What changes variables and maps, and tells so by a boolean.
    fn written(&mut self, depth: usize) -> Option<String> {
        if !self.scope.may_write {
            return None;
        }
        if self.rng.one_in(2) {
            let variables = self.scope.variables.clone();
            let (name, kind) = (!variables.is_empty()).then(|| self.rng.pick(&variables).clone())?;
            return Some(format!("(var-set {name} {})", self.expression(&kind, depth)));
        }
        let maps = self.scope.maps.clone();
        let (name, key, value) = (!maps.is_empty()).then(|| self.rng.pick(&maps).clone())?;
        let key = self.expression(&key, depth);
        Some(match self.rng.below(3) {
            0 => format!("(map-delete {name} {key})"),
            1 => format!("(map-insert {name} {key} {})", self.expression(&value, depth)),
            _ => format!("(map-set {name} {key} {})", self.expression(&value, depth)),
        })
    }

    fn principal(&mut self, depth: usize) -> Option<String> {
        Some(match self.rng.below(5) {
            0 => "contract-caller".to_owned(),
            1 if self.since(4) => "current-contract".to_owned(),
            1 if self.scope.may_write => self.with_contract_as_sender(depth),
            2 if self.since(2) => "(default-to tx-sender tx-sponsor?)".to_owned(),
            3 => {
                let made = self.apply("principal-of?", &[Type::Buffer(33)], depth);
                format!("(match {made} made made bad tx-sender)")
            }
            _ => "tx-sender".to_owned(),
        })
    }

    fn with_contract_as_sender(&mut self, depth: usize) -> String {
        self.apply("as-contract", &[Type::Principal], depth)
    }

    fn buffer(&mut self, max: usize, depth: usize) -> Option<String> {
        let hashed = [Type::Buffer(4), Type::UInt, Type::Int];
        let hashed = self.rng.pick(&hashed).clone();
        Some(match self.rng.below(6) {
            0 if max >= 20 => self.apply("hash160", &[hashed], depth),
            1 if max >= 32 => {
                let function = *self.rng.pick(&["sha256", "keccak256", "sha512/256"]);
                self.apply(function, &[hashed], depth)
            }
            2 if max >= 33 => {
                format!(
                    "(unwrap-panic {})",
                    self.apply("secp256k1-recover?", &[Type::Buffer(32), Type::Buffer(65)], depth)
                )
            }
            3 if self.since(2) => {
                let value = Type::any(self.rng, 0);
                let whole = self.apply("to-consensus-buff?", &[value], depth);
                let instead = self.expression(&Type::Buffer(max), 0);
                format!("(default-to {instead} (as-max-len? (unwrap-panic {whole}) u{max}))")
            }
            _ => return self.joined(max, Type::Buffer, depth),
        })
    }

    fn ascii(&mut self, max: usize, depth: usize) -> Option<String> {
        match self.rng.below(3) {
            0 if max >= 40 && self.since(2) => {
                let number = self.rng.pick(&[Type::Int, Type::UInt]).clone();
                Some(self.apply("int-to-ascii", &[number], depth))
            }
            _ => self.joined(max, Type::Ascii, depth),
        }
    }

    fn utf8(&mut self, max: usize, depth: usize) -> Option<String> {
        match self.rng.below(3) {
            0 if max >= 40 && self.since(2) => {
                let number = self.rng.pick(&[Type::Int, Type::UInt]).clone();
                Some(self.apply("int-to-utf8", &[number], depth))
            }
            _ => self.joined(max, Type::Utf8, depth),
        }
    }

    /// Two that together are not too long, or one that was cut.
    fn joined(&mut self, max: usize, kind: impl Fn(usize) -> Type, depth: usize) -> Option<String> {
        if self.rng.one_in(2) {
            let (longer, instead) = (self.expression(&kind(max + 3), depth), self.expression(&kind(max), 0));
            return Some(format!("(default-to {instead} (as-max-len? {longer} u{max}))"));
        }
        let first = self.rng.below(max + 1);
        Some(self.apply("concat", &[kind(first), kind(max - first)], depth))
    }

    fn optional(&mut self, inner: &Type, depth: usize) -> Option<String> {
        let maps: Vec<_> = self.scope.maps.iter().filter(|(_, _, value)| value.fits(inner)).cloned().collect();
        if !maps.is_empty() && self.rng.one_in(3) {
            let (map, key, _) = self.rng.pick(&maps).clone();
            return Some(format!("(map-get? {map} {})", self.expression(&key, depth)));
        }
        Some(match (self.rng.below(4), inner) {
            (0, _) => {
                let list = self.expression(&Type::List(3, Box::new(inner.clone())), depth);
                let function =
                    if self.since(2) { *self.rng.pick(&["element-at", "element-at?"]) } else { "element-at" };
                format!("({function} {list} {})", self.expression(&Type::UInt, depth))
            }
            (1, Type::UInt) => {
                let entry = Type::any(self.rng, 1);
                let function = if self.since(2) { *self.rng.pick(&["index-of", "index-of?"]) } else { "index-of" };
                self.apply(function, &[Type::List(3, Box::new(entry.clone())), entry], depth)
            }
            (1, Type::Int) if self.since(2) => {
                let text = self.rng.pick(&[Type::Ascii(5), Type::Utf8(5)]).clone();
                self.apply("string-to-int?", &[text], depth)
            }
            (1, Type::Principal) => {
                let tokens = self.scope.non_fungible.clone();
                let (token, kind) = (!tokens.is_empty()).then(|| self.rng.pick(&tokens).clone())?;
                format!("(nft-get-owner? {token} {})", self.expression(&kind, depth))
            }
            (1 | 2, Type::Buffer(max) | Type::Ascii(max) | Type::Utf8(max) | Type::List(max, _)) => {
                if self.since(2) && self.rng.one_in(2) {
                    self.apply("slice?", &[inner.clone(), Type::UInt, Type::UInt], depth)
                } else {
                    format!("(as-max-len? {} u{max})", self.expression(inner, depth))
                }
            }
            (2, _) if self.since(2) => {
                format!("(from-consensus-buff? {inner} {})", self.expression(&Type::Buffer(40), depth))
            }
            _ => format!("(some {})", self.expression(inner, depth)),
        })
    }

    fn response(&mut self, ok: &Type, err: &Type, depth: usize) -> Option<String> {
        if self.scope.may_write && *ok == Type::Bool && *err == Type::UInt && self.rng.one_in(2) {
            return self.moved(depth);
        }
        let condition = self.expression(&Type::Bool, depth.min(1));
        let (good, bad) = (self.expression(ok, depth), self.expression(err, depth.min(1)));
        Some(match self.rng.below(60) {
            // The other side's type is not known then, which some functions refuse.
            0 => format!("(ok {good})"),
            1 => format!("(err {bad})"),
            _ => format!("(if {condition} (ok {good}) (err {bad}))"),
        })
    }

    /// Transfers, mints and burns.
    fn moved(&mut self, depth: usize) -> Option<String> {
        let (amount, from) = (self.expression(&Type::UInt, depth), self.expression(&Type::Principal, depth.min(1)));
        let to = self.expression(&Type::Principal, depth.min(1));
        let kind = self.rng.below(8);
        if kind < 3 {
            return Some(match kind {
                0 => format!("(stx-burn? {amount} {from})"),
                1 if self.since(2) => {
                    format!("(stx-transfer-memo? {amount} {from} {to} {})", self.expression(&Type::Buffer(34), 0))
                }
                _ => format!("(stx-transfer? {amount} {from} {to})"),
            });
        }
        if kind < 6 {
            let tokens = self.scope.fungible.clone();
            let token = (!tokens.is_empty()).then(|| self.rng.pick(&tokens).clone())?;
            return Some(match kind {
                3 => format!("(ft-mint? {token} {amount} {to})"),
                4 => format!("(ft-burn? {token} {amount} {from})"),
                _ => format!("(ft-transfer? {token} {amount} {from} {to})"),
            });
        }
        let tokens = self.scope.non_fungible.clone();
        let (token, kind_of_id) = (!tokens.is_empty()).then(|| self.rng.pick(&tokens).clone())?;
        let id = self.expression(&kind_of_id, depth.min(1));
        Some(match self.rng.below(3) {
            0 => format!("(nft-mint? {token} {id} {to})"),
            1 => format!("(nft-burn? {token} {id} {from})"),
            _ => format!("(nft-transfer? {token} {id} {from} {to})"),
        })
    }

    fn list(&mut self, max: usize, entry: &Type, depth: usize) -> Option<String> {
        let whole = Type::List(max, Box::new(entry.clone()));
        Some(match self.rng.below(6) {
            0 => {
                let entries: String =
                    (0..self.rng.below(max + 1)).map(|_| format!(" {}", self.expression(entry, depth))).collect();
                format!("(list{entries})")
            }
            1 if max > 1 => {
                let shorter = Type::List(max - 1, Box::new(entry.clone()));
                self.apply("append", &[shorter, entry.clone()], depth)
            }
            2 => {
                let tests: Vec<_> = self.functions_with(std::slice::from_ref(entry), &Type::Bool);
                let test = (!tests.is_empty()).then(|| self.rng.pick(&tests).clone())?;
                format!("(filter {test} {})", self.expression(&whole, depth))
            }
            3 => self.mapped(max, entry, depth)?,
            4 if self.since(2) => {
                let instead = self.expression(&whole, 0);
                let replaced = self.apply("replace-at?", &[whole, Type::UInt, entry.clone()], depth);
                format!("(default-to {instead} {replaced})")
            }
            _ => {
                let first = self.rng.below(max + 1);
                let part = |length| Type::List(length, Box::new(entry.clone()));
                self.apply("concat", &[part(first), part(max - first)], depth)
            }
        })
    }

    fn mapped(&mut self, max: usize, entry: &Type, depth: usize) -> Option<String> {
        let native = match entry {
            Type::Int | Type::UInt => Some((*self.rng.pick(&["+", "-", "*"]), entry.clone())),
            Type::Bool => Some((*self.rng.pick(&["and", "or", "not"]), Type::Bool)),
            _ => None,
        };
        if let Some((function, kind)) = native.filter(|_| self.rng.one_in(2)) {
            let list = Type::List(max, Box::new(kind));
            let lists = if function == "not" { vec![list] } else { vec![list.clone(), list] };
            let lists: String = lists.iter().map(|list| format!(" {}", self.expression(list, depth))).collect();
            return Some(format!("(map {function}{lists})"));
        }
        let kind = Type::any(self.rng, 0);
        let functions = self.functions_with(std::slice::from_ref(&kind), entry);
        let function = (!functions.is_empty()).then(|| self.rng.pick(&functions).clone())?;
        Some(format!("(map {function} {})", self.expression(&Type::List(max, Box::new(kind)), depth)))
    }

    /// Functions of the program that take these types and give that one.
    fn functions_with(&self, parameters: &[Type], returns: &Type) -> Vec<String> {
        let may_write = self.scope.may_write;
        let fitting = self.scope.functions.iter().filter(|function| {
            function.parameters.len() == parameters.len()
                && function.parameters.iter().zip(parameters).all(|((_, takes), given)| given.fits(takes))
                && function.returns.fits(returns)
                && (may_write || !function.writes)
        });
        fitting.map(|function| function.name.clone()).collect()
    }

    fn tuple(&mut self, fields: &[(&'static str, Type)], depth: usize) -> String {
        let written: Vec<_> =
            fields.iter().map(|(name, kind)| format!("{name}: {}", self.expression(kind, depth))).collect();
        if fields.len() > 1 && self.rng.one_in(3) {
            let (first, rest) = written.split_at(1);
            return format!("(merge {{{}}} {{{}}})", first.join(", "), rest.join(", "));
        }
        format!("{{{}}}", written.join(", "))
    }
}
