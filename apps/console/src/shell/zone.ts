/** In which zone times are written: the reader's own, or UTC, as they chose in this browser. @module */

const KEY = 'countersign-zone'

/** A browser that keeps nothing has the reader's own. */
export function isUtc(): boolean {
  try {
    return localStorage.getItem(KEY) === 'utc'
  } catch {
    return false
  }
}

/** The page is loaded anew: every time on it is written anew. */
export function chooseUtc(is: boolean): void {
  if (is) localStorage.setItem(KEY, 'utc')
  else localStorage.removeItem(KEY)
  location.reload()
}

/** As Intl takes it. */
export const ZONE: { readonly timeZone?: string; readonly timeZoneName?: 'short' } = isUtc()
  ? { timeZone: 'UTC', timeZoneName: 'short' }
  : {}
