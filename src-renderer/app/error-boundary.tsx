import { Component, type ReactNode } from 'react'
import { Button } from '../ui/button.tsx'
import { ErrorState } from '../ui/states.tsx'
import css from './shell.module.css'

interface Props {
  readonly children: ReactNode
  /** Another value tries again: the page is another one. */
  readonly of: string
}

/** A fault of one page leaves the rest of the window, and all operations, running. */
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
          title="This page failed to load."
          failure={{
            code: 'internal',
            message: error.message,
            unchanged: 'Nothing was changed, and operations continue.',
            next: 'Reload the page, or open another one.',
          }}
          action={<Button onClick={() => this.setState({ error: null })}>Reload page</Button>}
        />
      </main>
    )
  }
}
