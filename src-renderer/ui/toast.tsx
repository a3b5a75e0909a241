/** Short news that needs no action. What needs one is on the page that it belongs to. */
import { Toast } from '@base-ui/react/toast'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { classes } from './classes.ts'
import css from './toast.module.css'

export const toasts = Toast.createToastManager()

export type ToastTone = 'good' | 'bad' | 'quiet'

export function showToast(title: string, description = '', tone: ToastTone = 'quiet'): void {
  toasts.add({ title, ...(description === '' ? {} : { description }), type: tone, timeout: 4500 })
}

function List() {
  const { toasts: shown } = Toast.useToastManager()
  return shown.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className={css.toast} data-tone={toast.type}>
      <Toast.Content className={css.content}>
        <div className={css.text}>
          <Toast.Title className={css.title} />
          <Toast.Description className={css.description} />
        </div>
        <Toast.Close className={css.close} aria-label="Dismiss">
          <X aria-hidden />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ))
}

export function ToastProvider({ children }: { readonly children: ReactNode }) {
  return (
    <Toast.Provider toastManager={toasts} limit={2}>
      {children}
    </Toast.Provider>
  )
}

/** Where toasts appear: in their own place, never over the page. */
export function ToastList({ className }: { readonly className?: string | undefined }) {
  return (
    <Toast.Viewport className={classes(css.viewport, className)}>
      <List />
    </Toast.Viewport>
  )
}
