package sync

// Wake tells a loop that there may be something to do. However often it is poked while nobody listens, it wakes once:
// what counts is the state of things then, not how often they changed.
type Wake chan struct{}

// NewWake returns a Wake that nobody has poked.
func NewWake() Wake { return make(Wake, 1) }

// Poke never blocks.
func (w Wake) Poke() {
	select {
	case w <- struct{}{}:
	default:
	}
}
