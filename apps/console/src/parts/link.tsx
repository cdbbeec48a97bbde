/** Links within the console, whose addresses the compiler checks. @module */
import { Anchor, Button, type AnchorProps, type ButtonProps } from '@mantine/core'
import { createLink } from '@tanstack/react-router'
import type { AnchorHTMLAttributes, Ref } from 'react'

type Rest = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'color' | 'style'> & {
  ref?: Ref<HTMLAnchorElement>
}

export const TextLink = createLink((props: AnchorProps & Rest) => <Anchor {...props} />)

export const ButtonLink = createLink((props: ButtonProps & Rest) => <Button component="a" {...props} />)
