// Counts the token's life down. The page is right without it; with it, it is right every second.
const element = document.querySelector("[data-remaining-ms]");
if (element) {
  const endsAt = performance.now() + Number(element.dataset.remainingMs);
  const show = () => {
    const seconds = Math.max(0, Math.floor((endsAt - performance.now()) / 1000));
    const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    element.textContent = `${h}:${String(m).padStart(2, "0")}:${String(s).padStart(2, "0")}`;
  };
  show();
  setInterval(show, 1000);
}
