package sync

import (
	"strings"
	"testing"
)

func TestNoAdvicePromisesAnotherTry(t *testing.T) {
	for reason, text := range advice {
		for _, promise := range []string{"again", "tried", "retr", "next", "by itself", "comes back"} {
			if strings.Contains(text, promise) {
				t.Errorf("%s says %q, which a single pass does not keep", reason, promise)
			}
		}
	}
}
