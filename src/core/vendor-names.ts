/** Which names a vendor stands for. spec/vendors.md (VND-1). Pure. @module */

/** @param pattern a name, or one that ends in `*` for all that begin so */
export function standsFor(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name
}

/** Whether two of them may stand for the same name. */
export function overlap(a: string, b: string): boolean {
  const [x, y] = [a, b].map((each) => (each.endsWith('*') ? each.slice(0, -1) : each)) as [string, string]
  if (a.endsWith('*') && b.endsWith('*')) return x.startsWith(y) || y.startsWith(x)
  return standsFor(a, b) || standsFor(b, a)
}
