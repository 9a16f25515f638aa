// Sizes and fractions, computed as Python does: both have IEEE 754 doubles.

/** floor(side * factor). */
export function scaled(side: number, factor: number): number {
  return Math.floor(side * factor);
}

export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

export function lcm(a: number, b: number): number {
  return (a / gcd(a, b)) * b;
}

const LARGEST = 256; // beyond, tiles that begin at its multiples are no tiles
const DRIFT = 1e-3; // pixels of the result that a fraction may be off at the far end of a picture

/** The least q for which `side * factor` is as far as with a fraction of denominator q; null if there is none. */
export function denominator(factor: number, side: number): number | null {
  for (let q = 1; q <= LARGEST; q++) {
    const p = Math.round(factor * q);
    if (Math.abs(factor - p / q) * side <= DRIFT) return q;
  }
  return null;
}
