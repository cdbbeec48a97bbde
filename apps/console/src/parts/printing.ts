/** Whether the page is being printed: then lists show what they have read, up to a thousand rows, and everything is dark on light. @module */
import { useSyncExternalStore } from 'react'

let isPrinting = false
const heard = new Set<() => void>()

function say(is: boolean): void {
  isPrinting = is
  for (const hear of heard) hear()
}

/** Once, for the whole page. Whoever chose dark gets it back. */
export function followPrinting(): void {
  const root = document.documentElement
  let scheme: string | undefined
  addEventListener('beforeprint', () => {
    scheme = root.dataset['mantineColorScheme']
    root.dataset['mantineColorScheme'] = 'light'
    say(true)
  })
  addEventListener('afterprint', () => {
    if (scheme !== undefined) root.dataset['mantineColorScheme'] = scheme
    say(false)
  })
}

export function usePrinting(): boolean {
  return useSyncExternalStore(
    (hear) => {
      heard.add(hear)
      return () => heard.delete(hear)
    },
    () => isPrinting,
  )
}
