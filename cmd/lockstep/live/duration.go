package live

import (
	"time"

	"github.com/lockstep-dev/lockstep/sync/status"
)

// spell writes a duration as people say it.
func spell(d time.Duration) string { return status.Spell(d) }
