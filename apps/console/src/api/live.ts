/** What the control plane says as it happens, over server-sent events. @module */
import { useEffect, useRef, useState } from 'react'

export type Liveness = 'connecting' | 'live' | 'lost'

/**
 * Listens for as long as the component is there. The browser connects again by itself, with what it heard last.
 * @param on by the name of the event; may change from one rendering to the next
 */
export function useLive(url: string | null, on: Readonly<Record<string, (data: unknown) => void>>): Liveness {
  const handlers = useRef(on)
  handlers.current = on
  const [state, setState] = useState<Liveness>('connecting')
  const names = Object.keys(on).sort().join(' ')
  useEffect(() => {
    if (url === null) return
    const source = new EventSource(url)
    source.addEventListener('open', () => setState('live'))
    source.addEventListener('error', () => setState('lost'))
    for (const name of names.split(' '))
      source.addEventListener(name, (event) => handlers.current[name]?.(JSON.parse(event.data)))
    return () => source.close()
  }, [url, names])
  return state
}
