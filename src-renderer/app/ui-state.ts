/** What is open over the page. */
import { create } from 'zustand'

type Overlay = 'none' | 'palette' | 'keys'

export const useUi = create<{ readonly overlay: Overlay }>(() => ({ overlay: 'none' }))

export const ui = {
  show: (overlay: Overlay) => useUi.setState({ overlay }),
  close: () => useUi.setState({ overlay: 'none' }),
}
