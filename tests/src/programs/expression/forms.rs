//! Forms for any type: conditions, bindings, unwrapping, calls, look-ups.

use super::Writer;
use crate::programs::types::Type;

impl Writer<'_> {
    pub(super) fn form(&mut self, wanted: &Type, depth: usize) -> Option<String> {
        Some(match self.rng.below(18) {
            0 => {
                let condition = self.expression(&Type::Bool, depth);
                format!("(if {condition} {} {})", self.expression(wanted, depth), self.expression(wanted, depth))
            }
            1 => self.bound(wanted, depth),
            2 => self.in_order(wanted, depth),
            3 => {
                let inner = wanted.clone().optional();
                format!("(default-to {} {})", self.expression(wanted, depth), self.expression(&inner, depth))
            }
            4 if self.rng.one_in(4) => self.unwrapped(wanted, depth),
            5 => self.matched_optional(wanted, depth),
            6 => self.matched_response(wanted, depth),
            7 => {
                let tuple = Type::Tuple(vec![("a", wanted.clone()), ("k", Type::any(self.rng, 0))]);
                format!("(get a {})", self.expression(&tuple, depth))
            }
            8 => return self.called(wanted, depth),
            12 | 13 => return self.called_elsewhere(wanted, depth),
            14 => return self.folded(wanted, depth),
            // Seldom: it is refused from epoch 3.4 on.
            15 if self.rng.one_in(3) => return self.at_another_block(wanted, depth),
            16 => return self.guarded(wanted, depth),
            9 => return self.early_return(wanted, depth),
            10 => return self.looked_up(wanted, depth),
            11 => {
                let list = Type::List(3, Box::new(wanted.clone()));
                let which = self.expression(&Type::UInt, 0);
                let instead = self.expression(wanted, depth);
                format!("(default-to {instead} (element-at {} {which}))", self.expression(&list, depth))
            }
            _ => format!("(print {})", self.expression(wanted, depth)),
        })
    }

    fn bound(&mut self, wanted: &Type, depth: usize) -> String {
        let (mut written, mut locals) = (Vec::new(), Vec::new());
        for _ in 0..=self.rng.below(2) {
            let (name, kind) = (self.name("l"), Type::any(self.rng, 1));
            written.push(format!("({name} {})", self.expression(&kind, depth)));
            locals.push((name, kind));
        }
        let written = written.join(" ");
        let body = self.with_locals(locals, |writer| writer.expression(wanted, depth));
        format!("(let ({written}) {body})")
    }

    fn in_order(&mut self, wanted: &Type, depth: usize) -> String {
        let mut written = String::new();
        for _ in 0..=self.rng.below(2) {
            written += &self.expression(&Type::Bool, depth);
            written.push(' ');
        }
        format!("(begin {written}{})", self.expression(wanted, depth))
    }

    fn unwrapped(&mut self, wanted: &Type, depth: usize) -> String {
        let other = Type::any(self.rng, 0);
        let (function, inner) = match self.rng.below(3) {
            0 => ("unwrap-panic", wanted.clone().optional()),
            1 => ("unwrap-panic", Type::Response(Box::new(wanted.clone()), Box::new(other))),
            _ => ("unwrap-err-panic", Type::Response(Box::new(other), Box::new(wanted.clone()))),
        };
        format!("({function} {})", self.expression(&inner, depth))
    }

    fn matched_optional(&mut self, wanted: &Type, depth: usize) -> String {
        let (name, kind) = (self.name("m"), Type::any(self.rng, 1));
        let input = self.expression(&kind.clone().optional(), depth);
        let some = self.with_locals(vec![(name.clone(), kind)], |writer| writer.expression(wanted, depth));
        format!("(match {input} {name} {some} {})", self.expression(wanted, depth))
    }

    fn matched_response(&mut self, wanted: &Type, depth: usize) -> String {
        let (ok, err) = (Type::any(self.rng, 1), Type::any(self.rng, 0));
        let (good, bad) = (self.name("ok"), self.name("err"));
        let input = self.expression(&Type::Response(Box::new(ok.clone()), Box::new(err.clone())), depth);
        let first = self.with_locals(vec![(good.clone(), ok)], |writer| writer.expression(wanted, depth));
        let second = self.with_locals(vec![(bad.clone(), err)], |writer| writer.expression(wanted, depth));
        format!("(match {input} {good} {first} {bad} {second})")
    }

    fn early_return(&mut self, wanted: &Type, depth: usize) -> Option<String> {
        let returns = self.scope.returns.clone()?;
        let thrown = self.expression(&returns, depth.min(1));
        Some(match self.rng.below(4) {
            0 => format!("(unwrap! {} {thrown})", self.expression(&wanted.clone().optional(), depth)),
            1 => {
                let response = Type::Response(Box::new(Type::Bool), Box::new(wanted.clone()));
                format!("(unwrap-err! {} {thrown})", self.expression(&response, depth))
            }
            2 => {
                let condition = self.expression(&Type::Bool, depth);
                format!("(begin (asserts! {condition} {thrown}) {})", self.expression(wanted, depth))
            }
            _ => match returns {
                Type::Response(_, err) => {
                    let response = Type::Response(Box::new(wanted.clone()), err);
                    format!("(try! {})", self.expression(&response, depth))
                }
                Type::Optional(_) => format!("(try! {})", self.expression(&wanted.clone().optional(), depth)),
                _ => return None,
            },
        })
    }

    fn looked_up(&mut self, wanted: &Type, depth: usize) -> Option<String> {
        let maps: Vec<_> = self.scope.maps.iter().filter(|(_, _, value)| value.fits(wanted)).cloned().collect();
        if maps.is_empty() {
            return None;
        }
        let (map, key, _) = self.rng.pick(&maps).clone();
        let key = self.expression(&key, depth);
        Some(format!("(default-to {} (map-get? {map} {key}))", self.expression(wanted, depth)))
    }
}
