/** First and slowest point of each drill over time. Loaded only where somebody looks at it; a table has the same. @module */
import 'uplot/dist/uPlot.min.css'
import { Box, useComputedColorScheme } from '@mantine/core'
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import { words } from '../../words/words.ts'
import type { Took } from './kill-history.tsx'

const t = words.kill
const HEIGHT = 240
/** Before the first and after the last drill, in seconds: of one alone the axis has a length, too. */
const AROUND_S = 2 * 86_400

export default function LatencyChart({ took }: { took: readonly Took[] }) {
  const frame = useRef<HTMLDivElement>(null)
  const isDark = useComputedColorScheme('light') === 'dark'
  useEffect(() => {
    const at = frame.current
    if (at === null) return
    const plot = new uPlot(optionsFor(at.clientWidth, isDark, took), dataOf(took), at)
    const watch = new ResizeObserver(() => plot.setSize({ width: at.clientWidth, height: HEIGHT }))
    watch.observe(at)
    return () => {
      watch.disconnect()
      plot.destroy()
    }
  }, [took, isDark])
  return <Box ref={frame} role="img" aria-label={t.chartAlt(took.length)} mih={HEIGHT + 40} />
}

function dataOf(took: readonly Took[]): uPlot.AlignedData {
  return [
    took.map(({ at }) => at / 1_000),
    took.map(({ first_ms }) => first_ms),
    took.map(({ last_ms }) => last_ms),
  ]
}

function optionsFor(width: number, isDark: boolean, took: readonly Took[]): uPlot.Options {
  const ink = isDark ? '#a5afbd' : '#55606e'
  const line = isDark ? '#2c333d' : '#dfe5ec'
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } }
  return {
    width,
    height: HEIGHT,
    legend: { live: false },
    scales: {
      x: { range: [(took[0]?.at ?? 0) / 1_000 - AROUND_S, (took.at(-1)?.at ?? 0) / 1_000 + AROUND_S] },
      y: { range: (_, __, max) => [0, Math.max(1, max * 1.15)] },
    },
    axes: [axis, { ...axis, size: 64, values: (_, all) => all.map((value) => `${value} ${t.ms}`) }],
    series: [
      {},
      { label: t.first, stroke: isDark ? '#63d2b0' : '#0c8a63', width: 2, points: { size: 8 } },
      { label: t.last, stroke: isDark ? '#ff9b7d' : '#c2410c', width: 2, dash: [6, 4], points: { size: 8 } },
    ],
  }
}
