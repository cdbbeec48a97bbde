/** What comes one by one, taken together. @module */
import { useCallback, useEffect, useRef } from 'react'

const TOGETHER_MS = 250

/** Thousands of rows a minute are drawn a few times a second, so that the page answers its reader in between. */
export function useTogether<T>(take: (all: readonly T[]) => void): (one: T) => void {
  const waiting = useRef<T[]>([])
  const taking = useRef(take)
  useEffect(() => {
    taking.current = take
  })
  useEffect(() => {
    const timer = setInterval(() => {
      if (waiting.current.length === 0) return
      taking.current(waiting.current)
      waiting.current = []
    }, TOGETHER_MS)
    return () => clearInterval(timer)
  }, [])
  return useCallback((one) => void waiting.current.push(one), [])
}
