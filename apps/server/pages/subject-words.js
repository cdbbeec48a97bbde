/** What codes and terms are called on a data subject's page. spec/consent.md. @module */

export const STATES = { live: 'in force', withdrawn: 'withdrawn', expired: 'expired' }

export const KINDS = {
  access: 'See what you have about me',
  export: 'Take my data elsewhere',
  correct: 'Correct something',
  erase: 'Erase my data',
  restrict: 'Use it no further for now',
  object: 'Object to every use that needs no consent of mine',
  complain: 'Complain',
}

export const REASONS = {
  BASIS_LIMIT: 'withheld: too many people at once',
  CONSENT_EXPIRED: 'withheld: your consent had expired',
  CONSENT_WITHDRAWN: 'withheld: you had withdrawn your consent',
  MINOR_PROFILING: 'withheld: children are not profiled',
  NO_BASIS: 'withheld: there was no ground',
  PURPOSE_OUTSIDE: 'withheld: not for this purpose',
  STALE_REVOCATION: 'withheld: nobody could tell whether you had withdrawn',
  SUBJECT_OBJECTED: 'withheld: you had objected',
  SUBJECT_UNRESOLVED: 'withheld: nobody could tell whose it was',
}

/** `DirectMarketing` of a term's address, as words. */
export function nameOf(term) {
  const name = term.slice(term.lastIndexOf('#') + 1)
  const words = name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').replaceAll(/([A-Z])([A-Z][a-z])/g, '$1 $2')
  return words
    .split(' ')
    .map((word, i) => (i === 0 || /^[A-Z]{2,}$/.test(word) ? word : word.toLowerCase()))
    .join(' ')
}

export function timeOf(time) {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(time))
}

export function dayOf(time) {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' }).format(new Date(time))
}

/** Who else gets it, and for how long it is kept. */
export function lawOf({ recipients = [], retention_days, contact }) {
  const others = recipients.length === 0 ? '' : `Given to ${recipients.join(', ')}. `
  const kept = retention_days === undefined ? '' : `Kept for ${retention_days} days. `
  return `${others}${kept}Questions: ${contact}.`
}
