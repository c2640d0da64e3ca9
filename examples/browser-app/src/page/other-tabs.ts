const key = "signed-out";

/** Tells the other tabs of this app that the person has signed out. Browsers report changes of the storage to all but this one. */
export function tellOtherTabs(): void {
  localStorage.setItem(key, "now");
  localStorage.removeItem(key);
}

export function onSignOutElsewhere(listener: () => void): void {
  addEventListener("storage", (event) => {
    if (event.key === key && event.newValue !== null) listener();
  });
}
