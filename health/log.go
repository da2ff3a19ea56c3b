package health

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

const (
	logLines = 5        // of a crash are shown, the last ones
	logBytes = 16 << 10 // are read for them at most
	logWidth = 200      // bytes of one line are shown
	masked   = "***"    // stands where a secret stood
)

// LogKey names one run of a container: the one that ended before its restart of that number.
type LogKey struct {
	Pod       types.UID
	Container string
	Restart   int32
}

// Log is the end of what a run of a container has printed, with the values of all secrets that it had masked.
type Log struct {
	Lines    []string
	Withheld string // why no line is shown, a phrase; empty when there is no reason not to
}

// logOf is the key of the run of c that ended last.
func logOf(p *corev1.Pod, c corev1.ContainerStatus) LogKey {
	return LogKey{p.UID, c.Name, c.RestartCount}
}

// crashed completes the finding about a run that has ended with the end of its log, where that has been read.
func (v *view) crashed(f finding, key LogKey) *finding {
	f.run = &key
	log, known := v.Logs[key]
	switch {
	case !known:
	case log.Withheld != "":
		f.message += fmt.Sprintf("; its log is not shown: %s", log.Withheld)
	case len(log.Lines) > 0:
		f.log = log.Lines
		f.message += "; it ended with: " + log.Lines[len(log.Lines)-1]
	}
	return &f
}
