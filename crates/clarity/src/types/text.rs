//! Types as texts show them: in the language's words ([`fmt::Display`]), and in the form that error texts use ([`DebugType`]).

use std::fmt;

use super::Type;
use crate::principal::{ContractId, TraitId};

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoType => f.write_str("UnknownType"),
            Self::Int => f.write_str("int"),
            Self::UInt => f.write_str("uint"),
            Self::Bool => f.write_str("bool"),
            Self::Buffer(n) => write!(f, "(buff {n})"),
            Self::Ascii(n) => write!(f, "(string-ascii {n})"),
            Self::Utf8(n) => write!(f, "(string-utf8 {n})"),
            Self::Principal | Self::Union(_) => f.write_str("principal"),
            Self::List(list) => write!(f, "(list {} {})", list.max_len, list.entry),
            Self::Tuple(tuple) => {
                f.write_str("(tuple")?;
                for (name, field) in &tuple.fields {
                    write!(f, " ({name} {field})")?;
                }
                f.write_str(")")
            }
            Self::Optional(optional) => write!(f, "(optional {})", optional.inner),
            Self::Response(response) => write!(f, "(response {} {})", response.ok, response.err),
            Self::Callable(contract) => write!(f, "(principal {contract})"),
            Self::Trait(id) => write!(f, "<{id}>"),
        }
    }
}

/// The form that error texts use: `ResponseType((UIntType, NoType))`.
#[derive(Clone, Copy)]
pub(crate) struct DebugType<'a>(pub &'a Type);

impl fmt::Display for DebugType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Type::NoType => f.write_str("NoType"),
            Type::Int => f.write_str("IntType"),
            Type::UInt => f.write_str("UIntType"),
            Type::Bool => f.write_str("BoolType"),
            Type::Principal => f.write_str("PrincipalType"),
            Type::Buffer(n) => write!(f, "SequenceType(BufferType(BufferLength({n})))"),
            Type::Ascii(n) => write!(f, "SequenceType(StringType(ASCII(BufferLength({n}))))"),
            Type::Utf8(n) => write!(f, "SequenceType(StringType(UTF8(StringUTF8Length({n}))))"),
            Type::List(list) => {
                write!(
                    f,
                    "SequenceType(ListType(ListTypeData {{ max_len: {}, entry_type: {} }}))",
                    list.max_len,
                    Self(&list.entry)
                )
            }
            Type::Tuple(tuple) => {
                f.write_str("TupleType(TupleTypeSignature { ")?;
                for (at, (name, field)) in tuple.fields.iter().enumerate() {
                    write!(f, "{}\"{name}\": {field},", if at == 0 { "" } else { " " })?;
                }
                f.write_str("})")
            }
            Type::Optional(optional) => write!(f, "OptionalType({})", Self(&optional.inner)),
            Type::Response(response) => write!(f, "ResponseType(({}, {}))", Self(&response.ok), Self(&response.err)),
            Type::Callable(contract) => write!(f, "CallableType(Principal({}))", DebugContract(contract)),
            Type::Trait(id) => write!(f, "CallableType(Trait({}))", DebugTrait(id)),
            Type::Union(types) => {
                f.write_str("ListUnionType({")?;
                for (at, member) in types.iter().enumerate() {
                    let separator = if at == 0 { "" } else { ", " };
                    match member {
                        Type::Callable(contract) => write!(f, "{separator}Principal({})", DebugContract(contract))?,
                        Type::Trait(id) => write!(f, "{separator}Trait({})", DebugTrait(id))?,
                        other => write!(f, "{separator}{}", Self(other))?,
                    }
                }
                f.write_str("})")
            }
        }
    }
}

/// A contract as error texts show it.
#[derive(Clone, Copy)]
pub(crate) struct DebugContract<'a>(pub &'a ContractId);

impl fmt::Display for DebugContract<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "QualifiedContractIdentifier {{ issuer: StandardPrincipalData({}), name: ContractName({:?}) }}",
            self.0.issuer, self.0.name
        )
    }
}

/// A trait as error texts show it.
#[derive(Clone, Copy)]
pub(crate) struct DebugTrait<'a>(pub &'a TraitId);

impl fmt::Display for DebugTrait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "TraitIdentifier {{ name: ClarityName({:?}), contract_identifier: {} }}",
            self.0.name,
            DebugContract(&self.0.contract)
        )
    }
}
