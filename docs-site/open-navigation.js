// Guides and packages stand open until the reader closes them. typedoc remembers under these names what is open.
for (const group of ["Guides", "Packages"])
  if (localStorage.getItem(`tsd-accordion-${group}`) === null)
    localStorage.setItem(`tsd-accordion-${group}`, "true");
