package live

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lockedVT is a vt that may be read while it is drawn on.
type lockedVT struct {
	mu stdsync.Mutex
	vt *vt
}

func (l *lockedVT) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.vt.Write(p)
}

func (l *lockedVT) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.vt.text()
}

// running runs a Terminal on a vt of 80 columns and 24 rows until the returned func is called, which waits for its end.
func running(t *testing.T) (*Terminal, *lockedVT, func()) {
	t.Helper()
	screen := &lockedVT{vt: newVT(80, 24)}
	terminal := newTerminal(screen, theme{}, func() (int, int) { return 80, 24 }, web)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- terminal.Run(ctx) }()
	return terminal, screen, func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// until waits for text to be on the screen.
func until(t *testing.T, screen *lockedVT, text string) {
	t.Helper()
	for deadline := time.After(30 * time.Second); !strings.Contains(screen.text(), text); {
		select {
		case <-deadline:
			t.Fatalf("not on the screen: %q\n%s", text, screen.text())
		case <-time.After(time.Millisecond):
		}
	}
}

func TestTheTerminalShowsEachCommitOnceAndWhatCameAfterIt(t *testing.T) {
	terminal, screen, stop := running(t)
	until(t, screen, "Pending: waiting for a first commit of /srv/shop")
	s := scaled().idle().after(time.Hour).report(rollout(3, 2, 2)).after(400 * time.Millisecond).report(rollout(3, 3, 3))
	terminal.Observe(t.Context(), s.events[0])
	until(t, screen, "web  main@sha1:aaaaaaa  Deploy the web server  Ada Lovelace")
	for _, event := range s.events[1:] {
		terminal.Observe(t.Context(), event)
	}
	stop()
	golden(t, "session.txt", screen.text())
	if screen.vt.hidden || screen.vt.unwrapped || screen.vt.x != 0 || len(screen.vt.unknown) > 0 {
		t.Errorf("the terminal is not as it was: %+v", screen.vt)
	}
}

func TestTheClosingLineIsDrawnEvenWhenRunIsToldToEndAtOnce(t *testing.T) {
	screen := &lockedVT{vt: newVT(80, 24)}
	terminal := newTerminal(screen, theme{}, func() (int, int) { return 80, 24 }, web)
	for _, event := range scaled().events {
		terminal.Observe(t.Context(), event)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := terminal.Run(ctx); err != nil {
		t.Fatal(err)
	}
	until(t, screen, "Healthy: scaled web-server 1 → 3 in 1.3 s, endpoints 3/3")
}

func TestACommitThatIsInterruptedIsLeftAsItStands(t *testing.T) {
	terminal, screen, stop := running(t)
	s := firstDeploy()
	for _, event := range s.events[:len(s.events)-2] {
		terminal.Observe(t.Context(), event)
	}
	stop()
	until(t, screen, "○ Progressing, ")
	until(t, screen, "rollout    ████████████  1/1  web-server")
	if screen.vt.hidden || screen.vt.unwrapped || screen.vt.x != 0 {
		t.Errorf("the terminal is not as it was: %+v", screen.vt)
	}
}

func TestAPromptIsNotGluedToTheEchoOfCtrlC(t *testing.T) {
	terminal, screen, stop := running(t)
	for _, event := range scaled().events {
		terminal.Observe(t.Context(), event)
	}
	until(t, screen, "Healthy: scaled web-server 1 → 3")
	_, _ = screen.Write([]byte("^C"))
	stop()
	if screen.vt.x != 0 || strings.Contains(screen.text(), "^C") {
		t.Errorf("a prompt would begin in column %d:\n%s", screen.vt.x, screen.text())
	}
}

func TestTimeGoesOnWhileACommitIsWaitedFor(t *testing.T) {
	terminal, screen, stop := running(t)
	defer stop()
	s := newScript()
	s.now = time.Now()
	terminal.Observe(t.Context(), s.commit("a", "Wait", 0).events[0])
	until(t, screen, "after it was seen")
	before := screen.text()
	for deadline := time.After(30 * time.Second); screen.text() == before; {
		select {
		case <-deadline:
			t.Fatal("the picture stands still")
		case <-time.After(time.Millisecond):
		}
	}
}

// stuckWriter is a terminal that takes nothing until it is let go.
type stuckWriter struct {
	begun, free chan struct{}
	once        stdsync.Once
}

func (w *stuckWriter) Write(p []byte) (int, error) {
	w.once.Do(func() { close(w.begun) })
	<-w.free
	return len(p), nil
}

func TestATerminalThatTakesNothingHoldsNobodyUp(t *testing.T) {
	out := &stuckWriter{begun: make(chan struct{}), free: make(chan struct{})}
	terminal := newTerminal(out, theme{}, func() (int, int) { return 80, 24 }, web)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- terminal.Run(ctx) }()
	<-out.begun
	s := scaled()
	for range 1000 {
		s.report(rollout(3, 2, 2)).report(rollout(3, 3, 3))
	}
	for _, event := range s.events { // would never come to an end if it waited for the terminal
		terminal.Observe(t.Context(), event)
	}
	if n := len(terminal.above); n > mostPending {
		t.Errorf("%d lines wait", n)
	}
	stop()
	close(out.free)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestATerminalThatIsGoneEndsRun(t *testing.T) {
	terminal := newTerminal(broken{}, theme{}, func() (int, int) { return 80, 24 }, web)
	if err := terminal.Run(t.Context()); !errors.Is(err, errGone) {
		t.Errorf("got %v, want %v", err, errGone)
	}
}

func TestALogOnTheSameTerminalStaysAboveThePicture(t *testing.T) {
	terminal, screen, stop := running(t)
	for _, event := range firstDeploy().events[:3] {
		terminal.Observe(t.Context(), event)
	}
	if _, err := terminal.Write([]byte("health is not followed\x1b[2J\nand why\n")); err != nil {
		t.Fatal(err)
	}
	stop()
	if text := screen.text(); !strings.HasPrefix(text, "health is not followed\\x1b[2J\nand why\n\nweb  main@sha1:aaaaaaa") {
		t.Errorf("got:\n%s", text)
	}
}

func TestBothObserversAgreeWithTheStatusThatIsServed(t *testing.T) {
	s := stuck()
	terminal := newTerminal(nil, theme{}, func() (int, int) { return 80, 24 }, web)
	lines := NewLines(&bytes.Buffer{}, web)
	for _, event := range s.events {
		terminal.Observe(t.Context(), event)
		lines.Observe(t.Context(), event)
	}
	unexported := cmpopts.IgnoreUnexported(status.App{}, status.Rollout{})
	for _, got := range []*story{terminal.story, lines.story} {
		if diff := cmp.Diff(s.folded(), got.app, unexported); diff != "" {
			t.Errorf("status (-served +drawn):\n%s", diff)
		}
	}
}

func TestATerminalKnowsItsAppOnly(t *testing.T) {
	terminal := NewTerminal(os.Stdout, web)
	terminal.Observe(t.Context(), sync.Event{App: "shop", Err: &sync.Error{Step: sync.StepFetch, App: "shop", Err: errRefused}})
	if terminal.story.over || len(terminal.above) > 0 {
		t.Error("another app's failure is shown")
	}
}
