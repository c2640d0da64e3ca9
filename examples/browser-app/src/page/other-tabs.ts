const key = "signed-out";

/** Tells the other tabs of this app that the user has signed out: browsers report a change of local storage to every other tab. */
export function tellOtherTabs(): void {
  localStorage.setItem(key, "now");
  localStorage.removeItem(key);
}

export function onSignOutElsewhere(listener: () => void): void {
  addEventListener("storage", (event) => {
    if (event.key === key && event.newValue !== null) listener();
  });
}
