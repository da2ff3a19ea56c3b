package config

import (
	"time"

	"github.com/lockstep-dev/lockstep/sync"
)

const (
	// LongestName is the longest name of an app: with "lockstep." before it and a suffix behind, it names Secrets.
	LongestName = sync.LongestName
	// ShortestInterval keeps a typing error from becoming an attack on a git server.
	ShortestInterval = time.Second
	// LongestInterval is the longest time between two looks at a repository, and the longest that a gate waits.
	LongestInterval = 24 * time.Hour
	// LongestFetch is the longest that a fetch may be given: a pass may wait for two, and a worker that is at it for longer is
	// taken for one that is stuck.
	LongestFetch = 5 * time.Minute
	// DefaultNamespace is where objects go whose manifest names no namespace.
	DefaultNamespace = "default"
)

// What Parse takes at most. All of it is checked before the entries are read, so that refusing costs little.
const (
	MaxSize    = 1 << 20 // bytes of the file
	MaxNodes   = 100_000 // keys and values, also once aliases are written out
	MaxDepth   = 20      // maps and lists within each other; the format itself has 5
	MaxEntries = 5_000   // repositories, and as many apps
	// MaxProblems are kept, those that come first in the file. Entries that have others are refused all the same.
	MaxProblems = 1_000
)
