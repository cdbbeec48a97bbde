/** A button that says why it cannot be pressed, to the mouse, the keyboard and a screen reader alike. @module */
import { Button, Tooltip, type ButtonProps } from '@mantine/core'
import type { ReactNode } from 'react'

/** @param whyNot null: it can be pressed */
export function ActButton({
  whyNot,
  onClick,
  children,
  ...rest
}: ButtonProps & { whyNot: string | null; onClick: () => void; children: ReactNode }) {
  const off = whyNot !== null
  return (
    <Tooltip
      label={whyNot}
      disabled={!off}
      multiline
      maw={320}
      events={{ hover: true, focus: true, touch: true }}
    >
      <Button
        {...rest}
        {...(off ? { 'data-disabled': true, 'aria-disabled': true } : {})}
        onClick={(event) => (off ? event.preventDefault() : onClick())}
      >
        {children}
      </Button>
    </Tooltip>
  )
}
