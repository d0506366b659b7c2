package bench

import (
	"sync/atomic"
	"testing"
	"time"
)

// The floors: what the machine itself takes for the steps that every breaker
// needs.

func BenchmarkFloorAtomicLoad(b *testing.B) {
	var word atomic.Uint64
	for b.Loop() {
		if word.Load() != 0 {
			b.Fatal()
		}
	}
}

func BenchmarkFloorAtomicAdd(b *testing.B) {
	var word atomic.Uint64
	for b.Loop() {
		word.Add(1)
	}
}

func BenchmarkFloorAtomicAddParallel(b *testing.B) {
	var word atomic.Uint64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			word.Add(1)
		}
	})
}

func BenchmarkFloorClock(b *testing.B) {
	for b.Loop() {
		if time.Now().IsZero() {
			b.Fatal()
		}
	}
}

func BenchmarkFloorPingPong(b *testing.B) {
	ping, pong := make(chan struct{}, 1), make(chan struct{}, 1)
	go func() { // ends when ping is closed
		for range ping {
			pong <- struct{}{}
		}
		close(pong)
	}()
	for b.Loop() {
		ping <- struct{}{}
		<-pong
	}
	close(ping)
	for range pong {
	}
}
