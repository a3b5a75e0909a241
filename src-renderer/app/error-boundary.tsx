import { Component, type ReactNode } from 'react'
import { Button } from '../ui/button.tsx'
import { ErrorState } from '../ui/states.tsx'
import css from './shell.module.css'

interface Props {
  readonly children: ReactNode
  /** Another value tries again: the page is another one. */
  readonly of: string
}

/** A fault of a page stays on that page: operations go on, and so does the rest of the window. */
export class ErrorBoundary extends Component<Props, { readonly error: Error | null; readonly of: string }> {
  override state: { readonly error: Error | null; readonly of: string } = { error: null, of: this.props.of }

  static getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) }
  }

  static getDerivedStateFromProps(props: Props, state: { readonly error: Error | null; readonly of: string }) {
    return props.of === state.of ? null : { error: null, of: props.of }
  }

  override render() {
    const { error } = this.state
    if (!error) return this.props.children
    return (
      <main className={css.fault}>
        <ErrorState
          title="This page has a fault."
          failure={{
            code: 'internal',
            message: error.message,
            unchanged: 'Operations go on, and nothing was changed by this.',
            next: 'Open the page again, or go on with another one.',
          }}
          action={<Button onClick={() => this.setState({ error: null })}>Open it again</Button>}
        />
      </main>
    )
  }
}
