/** Keys of a screen: single letters and arrows, never while somebody types or a dialog is open. @module */
import { useEffect, useRef } from 'react'

/** @param keys by `event.key`; null while they are off */
export function useKeys(keys: Readonly<Record<string, () => void>> | null): void {
  const latest = useRef(keys)
  latest.current = keys
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat
      if (!isPlain || event.defaultPrevented || isTaken(event)) return
      const act =
        latest.current !== null && Object.hasOwn(latest.current, event.key)
          ? latest.current[event.key]
          : undefined
      if (act === undefined) return
      event.preventDefault()
      act()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}

/** Where the key means something of its own. */
function isTaken({ target, key }: KeyboardEvent): boolean {
  if (document.querySelector('[role="dialog"]') !== null) return true
  if (!(target instanceof Element)) return false
  if (target.closest('input, textarea, select, [contenteditable], [role="listbox"], [role="menu"]') !== null)
    return true
  return (key === 'Enter' || key === ' ') && target.closest('a, button, [role="tab"]') !== null
}
