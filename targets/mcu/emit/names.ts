/** C names of functions, locals and labels: those of the AssemblyScript source where C allows them. */

/** Keywords of C and C++ that a name of the source might be, and functions of the C library that compilers know by name. */
const reserved = new Set(
  (
    'alignas alignof and asm auto bool break case catch char class const constexpr continue default delete do double else enum ' +
    'explicit export extern false float for friend goto if inline int long mutable namespace new not nullptr operator or private ' +
    'protected public register restrict return short signed sizeof static struct switch template this throw true try typedef ' +
    'typeid typename union unsigned using virtual void volatile while xor main ' +
    'abs ceil cos cosh erf exp exp2 fabs floor fma fmax fmin fmod log log2 log10 max min nearbyint pow remainder rint round ' +
    'signbit sin sinh sqrt tan tanh trunc memcpy memmove memset memcmp index word bit v128'
  ).split(' '),
);

function identifier(name: string): string {
  const cleaned = name.replace(/[^A-Za-z0-9_]+/g, '_').replace(/^_+|_+$/g, '');
  return /^[A-Za-z]/.test(cleaned) ? cleaned : `n${cleaned}`;
}

/** Names within one scope, each given once. */
export class Scope {
  private readonly taken: Set<string>;

  constructor(taken: Iterable<string> = []) {
    this.taken = new Set(taken);
  }

  /** `wanted` made an identifier; with a number behind it when it is taken. */
  name(wanted: string): string {
    const base = identifier(wanted);
    let name = reserved.has(base) ? `${base}_` : base;
    for (let i = 2; this.taken.has(name); i++) name = `${base}${/\d$/.test(base) ? '_' : ''}${i}`;
    this.taken.add(name);
    return name;
  }
}

/** `kernels/conv2d-direct/convolvePixel<i8,i32>` → `convolvePixel_i8_i32`, the function's name without its file. */
export function functionBaseName(internal: string): string {
  const generic = internal.indexOf('<');
  const end = generic < 0 ? internal.length : generic;
  return identifier(internal.slice(internal.lastIndexOf('/', end) + 1));
}

/** Locals that asc inlined are called `x|12`. */
export function localBaseName(internal: string): string {
  return identifier(internal.replace(/\|.*$/, ''));
}
