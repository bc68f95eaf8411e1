//! Native functions and keywords, by their result type.

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
            Type::Trait => None,
        }
    }

    /// `(function a b ...)` with arguments of these types.
    pub(super) fn apply(&mut self, function: &str, arguments: &[Type], depth: usize) -> String {
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
        match self.rng.below(11) {
            9 if self.since(2) => {
                let part = *self.rng.pick(&["unlocked", "locked", "unlock-height"]);
                Some(format!("(get {part} (stx-account {}))", self.expression(&Type::Principal, depth)))
            }
            10 if self.since(6) && self.rng.one_in(3) => Some(self.output_of_bitcoin("amount", None, depth)),
            10 => self.fact(&Type::UInt, depth),
            0 => Some(self.apply("to-uint", &[Type::Int], depth)),
            1 if self.rng.one_in(2) => self.counted(depth),
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
                let token = self.some_of(&self.scope.fungible.clone())?;
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

    fn boolean(&mut self, depth: usize) -> Option<String> {
        let any = Type::any(self.rng, 1);
        Some(match self.rng.below(15) {
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
            10 => self.verified(depth),
            11 if self.since(2) => "is-in-mainnet".to_owned(),
            12 => "is-in-regtest".to_owned(),
            13 if self.scope.may_write => format!("(is-ok {})", self.moved(depth.min(1))?),
            _ => return self.written(depth),
        })
    }

    fn compared(&mut self, depth: usize) -> String {
        let function = *self.rng.pick(&["<", "<=", ">", ">="]);
        let kinds = [Type::Int, Type::UInt, Type::Ascii(5), Type::Buffer(4), Type::Utf8(5)];
        let kind = self.rng.pick(&kinds[..if self.since(2) { 5 } else { 2 }]).clone();
        self.apply(function, &[kind.clone(), kind], depth)
    }

    fn principal(&mut self, depth: usize) -> Option<String> {
        Some(match self.rng.below(9) {
            0 => "contract-caller".to_owned(),
            1 if self.since(4) => "current-contract".to_owned(),
            1 | 2 if !self.since(4) => self.apply("as-contract", &[Type::Principal], depth),
            2 | 3 if self.since(2) => "(default-to tx-sender tx-sponsor?)".to_owned(),
            4 => {
                let made = self.apply("principal-of?", &[Type::Buffer(33)], depth);
                format!("(match {made} made made bad tx-sender)")
            }
            5 if self.since(2) => {
                let mut parts = vec![Type::Buffer(1), Type::Buffer(20)];
                if self.rng.one_in(2) {
                    parts.push(Type::Ascii(40));
                }
                let made = self.apply("principal-construct?", &parts, depth);
                format!("(match {made} made made bad (default-to tx-sender (get value bad)))")
            }
            6 => {
                let faces: Vec<_> = self.scope.locals.iter().filter(|local| local.1 == Type::Trait).cloned().collect();
                format!("(contract-of {})", self.some_of(&faces)?.0)
            }
            7 => return self.fact(&Type::Principal, depth),
            _ => "tx-sender".to_owned(),
        })
    }

    fn buffer(&mut self, max: usize, depth: usize) -> Option<String> {
        let hashed = [Type::Buffer(4), Type::UInt, Type::Int];
        let hashed = self.rng.pick(&hashed).clone();
        Some(match self.rng.below(10) {
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
            4 if max >= 64 => self.apply("sha512", &[hashed], depth),
            5 if self.since(2) && max >= 20 => {
                let part = *self.rng.pick(&["hash-bytes", "version"]);
                let taken = self.apply("principal-destruct?", &[Type::Principal], depth);
                format!("(match {taken} good (get {part} good) bad (get {part} bad))")
            }
            6 if max >= 32 => return self.fact(&Type::Buffer(32), depth),
            7 if self.since(4) && max >= 32 => {
                let hash = self.apply("contract-hash?", &[Type::Principal], depth);
                format!("(match {hash} hash hash bad {})", self.expression(&Type::Buffer(max), 0))
            }
            7 | 8 if self.since(6) && max >= 65 => {
                format!("(unwrap-panic {})", self.apply("secp256k1-decompress?", &[Type::Buffer(33)], depth))
            }
            8 if self.since(6) => self.output_of_bitcoin("script", Some(max), depth),
            _ => return self.joined(max, Type::Buffer, depth),
        })
    }

    fn ascii(&mut self, max: usize, depth: usize) -> Option<String> {
        match self.rng.below(3) {
            0 if max >= 40 && self.since(2) => {
                let number = self.rng.pick(&[Type::Int, Type::UInt]).clone();
                Some(self.apply("int-to-ascii", &[number], depth))
            }
            1 if self.since(4) => {
                let kinds = [Type::Int, Type::UInt, Type::Bool, Type::Principal, Type::Buffer(4), Type::Utf8(5)];
                let kind = self.rng.pick(&kinds).clone();
                let (text, instead) = (self.apply("to-ascii?", &[kind], depth), self.expression(&Type::Ascii(max), 0));
                Some(format!("(match {text} text (default-to {instead} (as-max-len? text u{max})) bad {instead})"))
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

    fn optional(&mut self, inner: &Type, depth: usize) -> Option<String> {
        let maps: Vec<_> = self.scope.maps.iter().filter(|(_, _, value)| value.fits(inner)).cloned().collect();
        if !maps.is_empty() && self.rng.one_in(3) {
            let (map, key, _) = self.rng.pick(&maps).clone();
            return Some(format!("(map-get? {map} {})", self.expression(&key, depth)));
        }
        Some(match (self.rng.below(4), inner) {
            (0, Type::Buffer(1) | Type::Ascii(1) | Type::Utf8(1)) => {
                let whole = match inner {
                    Type::Buffer(_) => Type::Buffer(20),
                    Type::Ascii(_) => Type::Ascii(5),
                    _ => Type::Utf8(5),
                };
                let function =
                    if self.since(2) { *self.rng.pick(&["element-at", "element-at?"]) } else { "element-at" };
                self.apply(function, &[whole, Type::UInt], depth)
            }
            (0, _) => {
                let list = self.expression(&Type::List(3, Box::new(inner.clone())), depth);
                let function =
                    if self.since(2) { *self.rng.pick(&["element-at", "element-at?"]) } else { "element-at" };
                format!("({function} {list} {})", self.expression(&Type::UInt, depth))
            }
            (3, Type::UInt) if self.since(2) => {
                let text = self.rng.pick(&[Type::Ascii(5), Type::Utf8(5)]).clone();
                self.apply("string-to-uint?", &[text], depth)
            }
            (1, Type::UInt) if self.rng.one_in(3) => {
                let kind = *self.rng.pick(&[Type::Buffer, Type::Ascii, Type::Utf8]);
                self.apply("index-of", &[kind(9), kind(1)], depth)
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
                let (token, kind) = self.some_of(&self.scope.non_fungible.clone())?;
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
        if *err == Type::UInt && self.since(4) && self.rng.one_in(6) {
            return Some(self.with_allowances(ok, depth));
        }
        let condition = self.expression(&Type::Bool, depth.min(1));
        let (good, bad) = (self.expression(ok, depth), self.expression(err, depth.min(1)));
        Some(match self.rng.below(60) {
            // Then the type of the other side is unknown, which some functions refuse.
            0 => format!("(ok {good})"),
            1 => format!("(err {bad})"),
            _ => format!("(if {condition} (ok {good}) (err {bad}))"),
        })
    }

    fn tuple(&mut self, fields: &[(&'static str, Type)], depth: usize) -> String {
        let written: Vec<_> =
            fields.iter().map(|(name, kind)| format!("{name}: {}", self.expression(kind, depth))).collect();
        if self.rng.one_in(4) {
            let written: Vec<_> =
                fields.iter().map(|(name, kind)| format!("({name} {})", self.expression(kind, depth))).collect();
            return format!("(tuple {})", written.join(" "));
        }
        if fields.len() > 1 && self.rng.one_in(3) {
            let (first, rest) = written.split_at(1);
            return format!("(merge {{{}}} {{{}}})", first.join(", "), rest.join(", "));
        }
        format!("{{{}}}", written.join(", "))
    }
}
