; ModuleID = 'model'
source_filename = "model"


; Function Attrs: nofree noinline norecurse nosync nounwind memory(argmem: readwrite)
define internal fastcc void @relu_2(ptr noalias nocapture readonly %0, ptr noalias nocapture writeonly %1, ptr noalias nocapture readonly %2) unnamed_addr #0 {
entry:
  %variable = load i64, ptr %0, align 8
  %3 = mul i64 %variable, 3
  %4 = icmp sgt i64 %3, 0
  br i1 %4, label %body.preheader, label %done

body.preheader:                                   ; preds = %entry
  %xtraiter = and i64 %3, 3
  %5 = icmp ult i64 %3, 4
  br i1 %5, label %done.loopexit.unr-lcssa, label %body.preheader.new

body.preheader.new:                               ; preds = %body.preheader
  %unroll_iter = and i64 %3, 9223372036854775804
  br label %body

body:                                             ; preds = %body, %body.preheader.new
  %i2 = phi i64 [ 0, %body.preheader.new ], [ %25, %body ]
  %niter = phi i64 [ 0, %body.preheader.new ], [ %niter.next.3, %body ]
  %6 = getelementptr inbounds float, ptr %2, i64 %i2
  %7 = load float, ptr %6, align 4
  %8 = tail call float @llvm.maximum.f32(float %7, float 0.000000e+00)
  %9 = getelementptr inbounds float, ptr %1, i64 %i2
  store float %8, ptr %9, align 4
  %10 = or disjoint i64 %i2, 1
  %11 = getelementptr inbounds float, ptr %2, i64 %10
  %12 = load float, ptr %11, align 4
  %13 = tail call float @llvm.maximum.f32(float %12, float 0.000000e+00)
  %14 = getelementptr inbounds float, ptr %1, i64 %10
  store float %13, ptr %14, align 4
  %15 = or disjoint i64 %i2, 2
  %16 = getelementptr inbounds float, ptr %2, i64 %15
  %17 = load float, ptr %16, align 4
  %18 = tail call float @llvm.maximum.f32(float %17, float 0.000000e+00)
  %19 = getelementptr inbounds float, ptr %1, i64 %15
  store float %18, ptr %19, align 4
  %20 = or disjoint i64 %i2, 3
  %21 = getelementptr inbounds float, ptr %2, i64 %20
  %22 = load float, ptr %21, align 4
  %23 = tail call float @llvm.maximum.f32(float %22, float 0.000000e+00)
  %24 = getelementptr inbounds float, ptr %1, i64 %20
  store float %23, ptr %24, align 4
  %25 = add nuw nsw i64 %i2, 4
  %niter.next.3 = add i64 %niter, 4
  %niter.ncmp.3 = icmp eq i64 %niter.next.3, %unroll_iter
  br i1 %niter.ncmp.3, label %done.loopexit.unr-lcssa, label %body

done.loopexit.unr-lcssa:                          ; preds = %body, %body.preheader
  %i2.unr = phi i64 [ 0, %body.preheader ], [ %25, %body ]
  %lcmp.mod.not = icmp eq i64 %xtraiter, 0
  br i1 %lcmp.mod.not, label %done, label %body.epil

body.epil:                                        ; preds = %done.loopexit.unr-lcssa, %body.epil
  %i2.epil = phi i64 [ %30, %body.epil ], [ %i2.unr, %done.loopexit.unr-lcssa ]
  %epil.iter = phi i64 [ %epil.iter.next, %body.epil ], [ 0, %done.loopexit.unr-lcssa ]
  %26 = getelementptr inbounds float, ptr %2, i64 %i2.epil
  %27 = load float, ptr %26, align 4
  %28 = tail call float @llvm.maximum.f32(float %27, float 0.000000e+00)
  %29 = getelementptr inbounds float, ptr %1, i64 %i2.epil
  store float %28, ptr %29, align 4
  %30 = add nuw nsw i64 %i2.epil, 1
  %epil.iter.next = add i64 %epil.iter, 1
  %epil.iter.cmp.not = icmp eq i64 %epil.iter.next, %xtraiter
  br i1 %epil.iter.cmp.not, label %done, label %body.epil, !llvm.loop !0

done:                                             ; preds = %done.loopexit.unr-lcssa, %body.epil, %entry
  ret void
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind speculatable willreturn memory(none)
declare float @llvm.maximum.f32(float, float) #1

; Function Attrs: mustprogress nofree norecurse nosync nounwind willreturn memory(argmem: readwrite)
define internal range(i32 0, 2) i32 @shapes(ptr nocapture readonly %0, ptr nocapture writeonly %1) #2 {
entry:
  %variable = load i64, ptr %0, align 8
  %2 = icmp ugt i64 %variable, 1152921504606846975
  %3 = shl i64 %variable, 3
  %4 = tail call { i64, i1 } @llvm.smul.with.overflow.i64(i64 %3, i64 3)
  %5 = extractvalue { i64, i1 } %4, 1
  %6 = or i1 %2, %5
  %7 = extractvalue { i64, i1 } %4, 0
  %8 = icmp sgt i64 %7, 9223372036854775744
  %9 = or i1 %6, %8
  store i64 %variable, ptr %1, align 8
  %10 = getelementptr inbounds i8, ptr %1, i64 8
  store i64 3, ptr %10, align 8
  %11 = getelementptr inbounds i8, ptr %1, i64 16
  store i64 %variable, ptr %11, align 8
  %12 = getelementptr inbounds i8, ptr %1, i64 24
  store i64 3, ptr %12, align 8
  %13 = zext i1 %9 to i32
  ret i32 %13
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind speculatable willreturn memory(none)
declare { i64, i1 } @llvm.smul.with.overflow.i64(i64, i64) #1

; Function Attrs: mustprogress nofree norecurse nosync nounwind willreturn memory(argmem: read)
define internal range(i64 -1, 1) i64 @workspace(ptr nocapture readonly %0) #3 {
entry:
  %variable = load i64, ptr %0, align 8
  %1 = icmp ugt i64 %variable, 1152921504606846975
  %2 = shl i64 %variable, 3
  %3 = tail call { i64, i1 } @llvm.smul.with.overflow.i64(i64 %2, i64 3)
  %4 = extractvalue { i64, i1 } %3, 1
  %5 = or i1 %1, %4
  %6 = extractvalue { i64, i1 } %3, 0
  %7 = icmp sgt i64 %6, 9223372036854775744
  %8 = or i1 %5, %7
  %9 = sext i1 %8 to i64
  ret i64 %9
}

; Function Attrs: nofree norecurse nosync nounwind memory(readwrite, inaccessiblemem: none)
define internal noundef i32 @run(ptr nocapture readonly %0) #4 {
entry:
  %1 = getelementptr inbounds i8, ptr %0, i64 8
  %variables = load ptr, ptr %1, align 8
  %2 = getelementptr inbounds i8, ptr %0, i64 16
  %inputs = load ptr, ptr %2, align 8
  %3 = getelementptr inbounds i8, ptr %0, i64 24
  %outputs = load ptr, ptr %3, align 8
  %4 = load ptr, ptr %outputs, align 8
  %5 = load ptr, ptr %inputs, align 8
  tail call fastcc void @relu_2(ptr %variables, ptr %4, ptr %5)
  ret i32 0
}

attributes #0 = { nofree noinline norecurse nosync nounwind memory(argmem: readwrite) }
attributes #1 = { mustprogress nocallback nofree nosync nounwind speculatable willreturn memory(none) }
attributes #2 = { mustprogress nofree norecurse nosync nounwind willreturn memory(argmem: readwrite) }
attributes #3 = { mustprogress nofree norecurse nosync nounwind willreturn memory(argmem: read) }
attributes #4 = { nofree norecurse nosync nounwind memory(readwrite, inaccessiblemem: none) }

!0 = distinct !{!0, !1}
!1 = !{!"llvm.loop.unroll.disable"}
