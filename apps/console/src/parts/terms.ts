/** Terms of the Data Privacy Vocabulary as people say them. @module */

/** `https://w3id.org/dpv#CustomerCare`: customer care. What is no term stays as it is. */
export function termLabel(term: string): string {
  const name = term.split('#').at(-1) ?? term
  if (name === term) return term
  return name.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase()
}
