// Numbers, names and times for people.

const grouped = new Intl.NumberFormat('en-US');

export const number = (value) => grouped.format(typeof value === 'string' ? BigInt(value) : value);

// Micro-STX as STX, exact.
export function stx(micro) {
  const value = BigInt(micro);
  const fraction = (value % 1_000_000n).toString().padStart(6, '0').replace(/0+$/, '');
  return grouped.format(value / 1_000_000n) + (fraction ? '.' + fraction : '') + ' STX';
}

export const bigEndian = (hex) => BigInt(!hex || hex === '0x' ? 0 : hex);

export const shortHash = (hash, digits = 8) => (hash ?? '').replace(/^0x/, '').slice(0, digits);

export function shortPrincipal(principal) {
  if (!principal) return '';
  const [address, ...rest] = principal.split('.');
  const short = address.length > 13 ? address.slice(0, 6) + '…' + address.slice(-4) : address;
  return [short, ...rest].join('.');
}

// Long text in a row: an address inside it is made short.
export const shorten = (text) => text.replace(/S[A-Z0-9]{27,41}/g, shortPrincipal);

export function bytes(count) {
  if (count < 1000) return `${count} B`;
  return count < 1_000_000 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1e6).toFixed(2)} MB`;
}

// The enum's word without its prefix, in small letters.
export const word = (name, prefix) => (name ?? '').replace(prefix, '').toLowerCase().replaceAll('_', ' ');

export function clock(time) {
  const date = typeof time === 'number' ? new Date(time * 1000) : new Date(time);
  return Number.isNaN(date.getTime()) ? '' : date.toLocaleTimeString('en-GB');
}

export function rate(value) {
  if (value === 0) return '0';
  return value < 10 ? value.toFixed(1) : Math.round(value).toString();
}
