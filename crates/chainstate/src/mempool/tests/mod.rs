mod check;
mod eviction;
mod index;
mod left;
mod support;
mod writes;
